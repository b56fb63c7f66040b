/** `hapi auth …`: which hub this machine talks to and with which token. The token itself is never printed. */
import { createInterface } from "node:readline/promises";
import { hapiHome, keepHubToken, knownCliApiToken, loadSettings, settingsPath, updateSettings } from "@hapi/platform";
import { findLivingSessions, readKeptPrompts } from "@hapi/machine";
import { AppError } from "@hapi/protocol";
import { isLoopbackHost } from "@hapi/protocol/loopback";
import { isSet, textValue, type Command, type CommandContext, type ParsedWords } from "../command.ts";
import { hubAddress } from "../hub-address.ts";
import { takesToken } from "../hub-token.ts";
import { isHealthy, isLockedAt } from "../local-hub.ts";
import { confirm } from "../tui/confirm.ts";
import { add, devices, makeCode, rename, revoke, rotate, setRole, withdraw } from "../sign-ins.ts";
import { table } from "../tui/terminal.ts";
import { counted } from "../tui/words.ts";

export const authCommand: Command = {
  name: "auth",
  summary: "Show, set or forget the hub this machine talks to, and say who else may come in",
  usage:
    "status | login [--url URL] [--token TOKEN] | logout [--yes] | devices | code | add NAME | revoke ID | rotate ID | role ID ROLE | rename ID NAME | withdraw CODE",
  options: {
    url: { type: "string", value: "URL", help: "the hub's address" },
    token: {
      type: "string",
      value: "TOKEN",
      help: "its access token, with :namespace if you have one; better piped or typed when asked: other users see the words of a command",
    },
    "insecure-http": { type: "boolean", help: "login: send the token in clear to another computer" },
    yes: { type: "boolean", short: "y", help: "logout: don't ask" },
    role: {
      type: "string",
      value: "ROLE",
      help: "code, add: viewer, approver, operator or admin; add: program, for a CLI with its runner",
    },
    namespace: { type: "string", value: "NAME", help: "add: another namespace than yours, as the owner" },
    machine: { type: "string", value: "ID", help: "add: it speaks for this machine and its sessions, and sees nothing else" },
    all: { type: "boolean", help: "revoke: all others of the namespaces you see" },
    json: { type: "boolean", help: "print JSON" },
  },
  takes: {
    verbs: {
      "": { options: ["json"] },
      status: { options: ["json"] },
      login: { options: ["url", "token", "insecure-http", "json"] },
      logout: { options: ["yes", "json"] },
      devices: { options: ["json"] },
      code: { options: ["role", "json"] },
      add: { words: 1, options: ["role", "namespace", "machine", "json"] },
      revoke: { words: 1, options: ["all", "json"] },
      rotate: { words: 1, options: ["json"] },
      role: { words: 2, options: ["json"] },
      rename: { words: 2, options: ["json"] },
      withdraw: { words: 1, options: ["json"] },
    },
  },
  examples: [
    "hapi auth status",
    "hapi auth login --url https://hapi.example.org",
    "pass show hapi | hapi auth login --url https://hapi.example.org",
    "hapi auth code --role approver   a code for a phone: ten minutes, once",
    "hapi auth devices                who may come in; then: hapi auth revoke ID",
    "hapi auth revoke legacy          the shared token opens nothing any more",
    "hapi auth role legacy everything the shared token is as at the beginning",
    "hapi auth logout                 back to this machine's own hub; that hub's secret stays",
  ],
  async run(words, context) {
    const verb = words.positionals[0] ?? "status";
    if (verb === "status") return status(words, context);
    if (verb === "login") return login(words, context);
    if (verb === "logout") return logout(words, context);
    const steer = { devices, code: makeCode, add, revoke, rotate, role: setRole, rename, withdraw }[verb];
    if (steer) return steer(words, context);
    throw new AppError("invalid_query", `hapi auth does not know "${verb}". See: hapi auth --help`);
  },
};

async function status(words: ParsedWords, context: CommandContext): Promise<number> {
  const home = hapiHome(context.env);
  const { url, source } = hubAddress(context.env);
  const token = knownCliApiToken(context.env);
  const namespace = token?.includes(":") ? token.slice(token.lastIndexOf(":") + 1) : "default";
  const isReachable = await isHealthy(url);
  const isLocked = await isLockedAt(url);
  const isAccepted = token && isReachable ? await takesToken(url, token).catch(unlessLocked) : null;
  const facts = {
    url,
    source,
    hasToken: token !== null,
    namespace,
    isReachable,
    isLocked,
    isAccepted,
    settings: settingsPath(home),
    machineId: loadSettings(home).machineId ?? null,
  };
  if (isSet(words, "json")) context.terminal.json(facts);
  else {
    const rows = [
      ["Hub", `${url}${source === "default" ? " (default)" : ""}`],
      [
        "Reachable",
        isReachable ? context.paint.good("yes") : context.paint.bad(`no; start it ${source === "default" ? "" : "there "}with: hapi hub`),
      ],
      ...lockRows(isLocked, context),
      [
        "Token",
        !token
          ? context.paint.waiting("none; run: hapi auth login")
          : isAccepted === false
            ? context.paint.bad("refused by the hub; give this machine another with: hapi auth login")
            : isAccepted
              ? "taken by the hub"
              : "known; the hub can't be asked now whether it takes it",
      ],
      ["Namespace", namespace],
      ["Settings", facts.settings],
    ];
    // Not cut: the next step stands at the end.
    context.terminal.out(table(rows, Number.POSITIVE_INFINITY));
  }
  return token && isReachable && isAccepted !== false ? 0 : 3;
}

const lockRows = (isLocked: boolean, { paint }: CommandContext): string[][] =>
  isLocked ? [["Locked", paint.bad("nothing is sent, started or answered; on the hub's own computer: hapi unlock")]] : [];

/** Whether it would take it, a hub that is locked says to its own computer alone. */
function unlessLocked(cause: unknown): null {
  if (cause instanceof AppError && cause.code === "hub_locked") return null;
  throw cause;
}

async function login(words: ParsedWords, context: CommandContext): Promise<number> {
  const url = (textValue(words, "url") ?? hubAddress(context.env).url).replace(/\/+$/, "");
  if (!/^https?:\/\//.test(url))
    throw new AppError("invalid_query", `The hub's address must begin with http:// or https://, not "${url}".`);
  if (!isSet(words, "insecure-http") && isInClear(url))
    throw new AppError(
      "tls_required",
      `${url} is plain HTTP: whoever is in between would read the token. Use its https:// address; or say --insecure-http if you trust every network on the way. Nothing was sent.`,
    );
  const token = textValue(words, "token") ?? (await ask(`Access token for ${url}: `));
  if (!token) throw new AppError("missing_token", "No token was given. On the hub's machine make one with: hapi auth add NAME");
  if (/^[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}$/i.test(token))
    throw new AppError(
      "invalid_query",
      "That is a code for a browser. A machine needs a secret of its own: hapi auth add NAME, on one that is signed in",
    );
  if (!(await isHealthy(url))) throw new AppError("hub_unreachable", `No hub answers at ${url}. Nothing was changed.`);
  if (!(await takesToken(url, token)))
    throw new AppError("invalid_access_token", `The hub at ${url} does not take this token. Nothing was changed.`);
  const home = hapiHome(context.env);
  await keepHubToken(home);
  await updateSettings(home, () => ({ apiUrl: url, cliApiToken: token }));
  if (textValue(words, "token") !== undefined)
    context.terminal.note(
      "The token stood among the words of the command, where other users and the shell's history have it. Next time pipe it.",
    );
  if (isSet(words, "json")) context.terminal.json({ url, loggedIn: true });
  else context.terminal.out(`Logged in to ${url}.`);
  return 0;
}

/** Beyond this computer without TLS. */
function isInClear(url: string): boolean {
  const { protocol, hostname } = URL.parse(url) ?? { protocol: "", hostname: "" };
  return protocol === "http:" && !isLoopbackHost(hostname);
}

/** Ends this machine's sign-in at a hub elsewhere. The secret of a hub on this home is another thing, and this machine's id is no sign-in. */
async function logout(words: ParsedWords, context: CommandContext): Promise<number> {
  const home = hapiHome(context.env);
  const { url, source } = hubAddress(context.env);
  const hubToken = await keepHubToken(home);
  const { cliApiToken } = loadSettings(home);
  if (source === "env" || context.env["CLI_API_TOKEN"])
    context.terminal.note("HAPI_API_URL or CLI_API_TOKEN is set in the environment, and goes on deciding until it is unset.");
  const isJson = isSet(words, "json");
  if (source !== "settings" && (!cliApiToken || hubToken)) {
    if (isJson) context.terminal.json({ loggedOut: false, usesOwnHub: hubToken !== null });
    else
      context.terminal.out(
        hubToken
          ? "There is nothing to log out of: this machine uses its own hub, whose secret stays."
          : "There is nothing to log out of: this machine is signed in nowhere.",
      );
    return 0;
  }
  if (!isSet(words, "yes") && !(await mayLogOut(home, url, context))) return 1;
  await updateSettings(home, () => ({ cliApiToken: hubToken ?? undefined, apiUrl: undefined, serverUrl: undefined }));
  if (isJson) context.terminal.json({ loggedOut: true, url, usesOwnHub: hubToken !== null });
  else context.terminal.out(`Logged out of ${url}. ${hubToken ? "This machine uses its own hub again." : "Sign in with: hapi auth login"}`);
  return 0;
}

/** What lives here goes on with what it was started with, but nobody on this machine can steer it any more. */
async function mayLogOut(home: string, url: string, { terminal }: CommandContext): Promise<boolean> {
  const living = (await findLivingSessions(home)).length;
  const waiting = readKeptPrompts(home).length;
  if (living + waiting === 0) return true;
  const left = [living > 0 && counted(living, "session"), waiting > 0 && `${counted(waiting, "prompt")} not sent yet`].filter(Boolean);
  const harm = `${left.join(" and ")} of this machine belong${living + waiting === 1 ? "s" : ""} to ${url}`;
  if (await confirm(`${harm}: they go on, but hapi here can't steer them any more. Log out?`, terminal.isInteractive)) return true;
  terminal.note(`Nothing was changed: ${harm}. Say hapi auth logout --yes to log out all the same.`);
  return false;
}

async function ask(question: string): Promise<string> {
  if (!process.stdin.isTTY) return (await new Response(process.stdin as unknown as ReadableStream).text()).trim();
  const line = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await line.question(question)).trim();
  } finally {
    line.close();
  }
}
