/** `hapi auth devices|code|add|revoke|rotate|role`: who may come into the hub, with what. All of it is the hub's to allow. */
import { systemClock } from "@hapi/platform";
import { AppError, parser } from "@hapi/protocol";
import {
  codeAnswer,
  credentialsAnswer,
  type CredentialView,
  type IssuedAnswer,
  issuedAnswer,
  revokedAnswer,
  withdrawnAnswer,
} from "@hapi/protocol/credentials";
import { isSet, textValue, type CommandContext, type ParsedWords } from "./command.ts";
import { hubApi } from "./hub-api.ts";
import { codeLines } from "./tui/welcome.ts";
import { table } from "./tui/terminal.ts";
import { hubOnTheWeb, waysForPhone, webAddress } from "./web-address.ts";

const dayMs = 24 * 3_600_000;

interface Asked {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  body?: object;
}

async function ask<T>({ env }: CommandContext, read: (body: unknown) => T | null, { method, path, body }: Asked): Promise<T> {
  const response = await hubApi(env).open(method, `/api/credentials${path}`, body === undefined ? {} : { body });
  const answer = read(await response.json());
  if (answer === null) throw new AppError("protocol_mismatch");
  return answer;
}

const read = {
  credentials: parser(credentialsAnswer),
  code: parser(codeAnswer),
  issued: parser(issuedAnswer),
  revoked: parser(revokedAnswer),
  withdrawn: parser(withdrawnAnswer),
  anything: (body: unknown): unknown => body,
};

export async function devices(words: ParsedWords, context: CommandContext): Promise<number> {
  const { terminal, paint } = context;
  const { credentials } = await ask(context, read.credentials, { method: "GET", path: "" });
  if (isSet(words, "json")) terminal.json({ credentials });
  else {
    const rows = credentials.map((one) => [one.id, one.name, one.role ?? "everything", one.namespace, lastUse(one), state(one)]);
    terminal.out(table([["ID", "NAME", "ROLE", "NAMESPACE", "LAST USED", "STATE"].map(paint.dim), ...rows], Number.POSITIVE_INFINITY));
  }
  return 0;
}

const lastUse = ({ lastUsedAt, lastUsedFrom }: CredentialView): string =>
  lastUsedAt === null ? "never" : `${new Date(lastUsedAt).toISOString().slice(0, 16).replace("T", " ")} ${lastUsedFrom ?? ""}`.trim();

function state({ kind, revokedAt, expiresAt, isThis }: CredentialView): string {
  if (revokedAt !== null) return kind === "legacy" ? "off" : "revoked";
  return isThis ? "this" : expiresAt === null ? "good" : `until ${new Date(expiresAt).toISOString().slice(0, 10)}`;
}

/** What signs one browser in, with what it will be allowed. */
export async function makeCode(words: ParsedWords, context: CommandContext): Promise<number> {
  const { terminal, paint } = context;
  const role = textValue(words, "role") ?? "operator";
  // Asked first: a code is good once, also where nobody can say what it opens.
  const hub = hubOnTheWeb(context.env);
  const made = await ask(context, read.code, { method: "POST", path: "/codes", body: { role } });
  // Whichever hub makes one has a web app that reads it behind the #.
  const place = webAddress({ ...hub, token: made.code, isElsewhere: false });
  if (isSet(words, "json")) terminal.json({ ...made, ...place });
  else {
    terminal.out(made.code);
    terminal.note(`Type it into the web app's sign-in, or open  ${place.link}`);
    if (place.reach === "computer") terminal.note(phoneless.map(paint.dim).join("\n"));
    else if (terminal.isInteractive) terminal.note(codeLines(place.link).join("\n"));
    if (place.fingerprint !== undefined) terminal.note(paint.dim(`SHA-256 of the certificate: ${place.fingerprint}`));
    terminal.note(paint.dim(`It makes one device "${made.role}", once, within ten minutes.`));
  }
  return 0;
}

const phoneless = ["Only this computer can reach that address, no phone. For one:", ...waysForPhone];

/** A secret for a program: shown once. */
export async function add(words: ParsedWords, context: CommandContext): Promise<number> {
  const [name] = words.positionals.slice(1);
  if (!name) throw new AppError("invalid_query", 'Say a name for it: hapi auth add "build server" --role viewer');
  const machineId = textValue(words, "machine");
  const [role, namespace] = [textValue(words, "role"), textValue(words, "namespace")];
  const body = { kind: machineId ? "machine" : "integration", name, ...(machineId ? { machineId } : {}), ...given({ role, namespace }) };
  return show(words, context, await ask(context, read.issued, { method: "POST", path: "", body }));
}

function show(words: ParsedWords, { terminal, paint }: CommandContext, made: IssuedAnswer): number {
  if (isSet(words, "json")) terminal.json(made);
  else {
    terminal.out(made.token);
    terminal.note(paint.dim(`"${made.credential.name}" (${made.credential.id}). The hub does not keep the secret: it is shown this once.`));
  }
  return 0;
}

export async function revoke(words: ParsedWords, context: CommandContext): Promise<number> {
  const [, id] = words.positionals;
  const isAll = isSet(words, "all");
  if (isAll === (id !== undefined)) throw new AppError("invalid_query", "Say which: hapi auth revoke ID, or --all. See: hapi auth devices");
  const answer = await ask(context, read.revoked, { method: "DELETE", path: isAll ? "" : `/${encodeURIComponent(id as string)}` });
  if (isSet(words, "json")) context.terminal.json(answer);
  else if (isAll)
    context.terminal.out(
      `Revoked: ${String(answer.revoked)}. The shared token is not among them; take it away with: hapi auth revoke legacy`,
    );
  else context.terminal.out(answer.revoked ? "Revoked. Its streams and sockets are closed." : "It was revoked before.");
  return 0;
}

/** The same with another secret, for as long again where it was for a time; the old one is good no more. */
export async function rotate(words: ParsedWords, context: CommandContext): Promise<number> {
  const [, id] = words.positionals;
  const { credentials } = await ask(context, read.credentials, { method: "GET", path: "" });
  const old = credentials.find((one) => one.id === id);
  if (!old) throw new AppError("invalid_query", "Say which program's: hapi auth rotate ID. See: hapi auth devices");
  if (old.kind !== "integration" && old.kind !== "machine")
    throw new AppError(
      "invalid_query",
      "Only a program's secret is rotated by hand: a device's is at each use, and the shared token is CLI_API_TOKEN's or settings.json's",
    );
  checkGood(old);
  const made = await ask(context, read.issued, { method: "POST", path: "", body: likeness(old) });
  await ask(context, read.revoked, { method: "DELETE", path: `/${old.id}` });
  return show(words, context, made);
}

/** Whoever ended it, or for how long it was to be, did not mean it to go on. */
function checkGood({ name, id, revokedAt, expiresAt }: CredentialView): void {
  const ended = revokedAt !== null ? "was revoked" : expiresAt !== null && expiresAt <= systemClock.now() ? "has expired" : null;
  if (ended === null) return;
  const code = revokedAt !== null ? "credential_revoked" : "credential_expired";
  throw new AppError(code, `"${name}" (${id}) ${ended}, so it has no secret to replace. Make another: hapi auth add NAME`);
}

function likeness({ kind, name, role, namespace, machineId, createdAt, expiresAt }: CredentialView): object {
  const lifetime = expiresAt === null ? {} : { lifetimeDays: Math.max(1, Math.round((expiresAt - createdAt) / dayMs)) };
  return { kind, name, namespace, ...(role === null ? {} : { role }), ...(machineId === null ? {} : { machineId }), ...lifetime };
}

/** Another name for one in the list. */
export async function rename(words: ParsedWords, context: CommandContext): Promise<number> {
  const [, id, name] = words.positionals;
  if (!id || !name) throw new AppError("invalid_query", 'Say which and how it is called: hapi auth rename ID "my phone"');
  await ask(context, read.anything, { method: "PUT", path: `/${encodeURIComponent(id)}/name`, body: { name } });
  if (isSet(words, "json")) context.terminal.json({ id, name });
  else context.terminal.out(`${id}: "${name}".`);
  return 0;
}

/** A code that went to the wrong one lets nobody in any more. */
export async function withdraw(words: ParsedWords, context: CommandContext): Promise<number> {
  const [, code] = words.positionals;
  if (!code) throw new AppError("invalid_query", "Say which: hapi auth withdraw CODE");
  const { withdrawn } = await ask(context, read.withdrawn, { method: "DELETE", path: `/codes/${encodeURIComponent(code)}` });
  if (isSet(words, "json")) context.terminal.json({ withdrawn });
  else
    context.terminal.out(
      withdrawn ? "Withdrawn: it lets nobody in." : "It was used or is over. Who came in by it is in the list: hapi auth devices",
    );
  return withdrawn ? 0 : 1;
}

/** What it may from now on. The shared token's `legacy` also takes `everything`, which gives it back. */
export async function setRole(words: ParsedWords, context: CommandContext): Promise<number> {
  const [, id, role] = words.positionals;
  if (!id || !role) throw new AppError("invalid_query", "Say which and what: hapi auth role ID viewer|approver|operator|admin");
  const body = { role: role === "everything" ? null : role };
  await ask(context, read.anything, { method: "PUT", path: `/${encodeURIComponent(id)}`, body });
  if (isSet(words, "json")) context.terminal.json({ id, role });
  else context.terminal.out(`${id}: ${role}.`);
  return 0;
}

const given = (fields: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
