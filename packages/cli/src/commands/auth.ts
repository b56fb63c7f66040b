/** `hapi auth …`: which hub this machine talks to and with which token. The token itself is never printed. */
import { createInterface } from "node:readline/promises";
import { hapiHome, knownCliApiToken, loadSettings, settingsPath, updateSettings } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { isSet, textValue, type Command, type CommandContext, type ParsedWords } from "../command.ts";
import { hubAddress } from "../hub-address.ts";
import { isHealthy } from "../local-hub.ts";
import { table } from "../tui/terminal.ts";

export const authCommand: Command = {
  name: "auth",
  summary: "Show, set or forget the hub this machine talks to",
  usage: "status | login [--url URL] [--token TOKEN] | logout",
  options: {
    url: { type: "string", value: "URL", help: "the hub's address" },
    token: { type: "string", value: "TOKEN", help: "its access token, with :namespace if you have one; asked for when absent" },
    json: { type: "boolean", help: "print JSON" },
  },
  examples: ["hapi auth status", "hapi auth login --url https://hapi.example.org", "hapi auth logout"],
  async run(words, context) {
    const verb = words.positionals[0] ?? "status";
    if (verb === "status") return status(words, context);
    if (verb === "login") return login(words, context);
    if (verb === "logout") return logout(context);
    throw new AppError("invalid_query", `hapi auth does not know "${verb}". See: hapi auth --help`);
  },
};

async function status(words: ParsedWords, context: CommandContext): Promise<number> {
  const home = hapiHome(context.env);
  const { url, source } = hubAddress(context.env);
  const token = knownCliApiToken(context.env);
  const namespace = token?.includes(":") ? token.slice(token.lastIndexOf(":") + 1) : "default";
  const isReachable = await isHealthy(url);
  const isAccepted = token && isReachable ? await accepts(url, token) : null;
  const facts = {
    url,
    source,
    hasToken: token !== null,
    namespace,
    isReachable,
    isAccepted,
    settings: settingsPath(home),
    machineId: loadSettings(home).machineId ?? null,
  };
  if (isSet(words, "json")) context.terminal.json(facts);
  else {
    const rows = [
      ["Hub", `${url}${source === "default" ? " (default)" : ""}`],
      ["Reachable", isReachable ? context.paint.good("yes") : context.paint.bad("no; start it with: hapi hub")],
      [
        "Token",
        !token
          ? context.paint.waiting("none; run: hapi auth login")
          : isAccepted === false
            ? context.paint.bad("refused by the hub")
            : "known",
      ],
      ["Namespace", namespace],
      ["Settings", facts.settings],
    ];
    context.terminal.out(table(rows, context.terminal.columns));
  }
  return token && isReachable && isAccepted !== false ? 0 : 3;
}

async function login(words: ParsedWords, context: CommandContext): Promise<number> {
  const url = (textValue(words, "url") ?? hubAddress(context.env).url).replace(/\/+$/, "");
  if (!/^https?:\/\//.test(url))
    throw new AppError("invalid_query", `The hub's address must begin with http:// or https://, not "${url}".`);
  const token = textValue(words, "token") ?? (await ask(`Access token for ${url}: `));
  if (!token) throw new AppError("missing_token", "No token was given. It is in settings.json on the hub's machine.");
  if (!(await isHealthy(url))) throw new AppError("hub_unreachable", `No hub answers at ${url}. Nothing was changed.`);
  if (!(await accepts(url, token)))
    throw new AppError("invalid_access_token", `The hub at ${url} does not take this token. Nothing was changed.`);
  await updateSettings(hapiHome(context.env), () => ({ apiUrl: url, cliApiToken: token }));
  context.terminal.out(`Logged in to ${url}.`);
  return 0;
}

async function logout(context: CommandContext): Promise<number> {
  await updateSettings(hapiHome(context.env), () => ({ cliApiToken: undefined, apiUrl: undefined, machineId: undefined }));
  context.terminal.out("The hub, its token and this machine's id are forgotten. Sessions that run go on.");
  return 0;
}

async function accepts(url: string, accessToken: string): Promise<boolean> {
  const response = await fetch(`${url}/api/auth`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ accessToken }),
    signal: AbortSignal.timeout(5_000),
  });
  if (response.status === 200) return true;
  if (response.status === 401) return false;
  throw new AppError("hub_unreachable", `The hub at ${url} answered ${response.status}.`);
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
