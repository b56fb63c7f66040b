/**
 * `hapi hub`: the server, in the foreground, with this machine's runner. With a word behind it (`stop`, `backup`, …) it takes care of the hub
 * that runs, or of its data; those are in `hub/`.
 */
import { type RunningHub, startHub } from "@hapi/hub";
import {
  createLogger,
  ensurePrivateDir,
  findProgram,
  hapiHome,
  isEverywhere,
  knownCliApiToken,
  loadSettings,
  logDir,
  type Logger,
  reachableHost,
  resolveHubToken,
  runningHub,
  systemClock,
} from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { byVerb, isSet, textValue, type Command, type CommandContext, type ParsedWords } from "../command.ts";
import { startDemoOnEmptyHub } from "../demo-session.ts";
import { keepRunner, type KeptRunner } from "../keep-runner.ts";
import { listenOptions, listOf, type Transport, transportOf } from "../listen-options.ts";
import { isHealthy } from "../local-hub.ts";
import { publicUrlOf } from "../public-url.ts";
import { webCode } from "../web-code.ts";
import { sentenceOf } from "../tui/terminal.ts";
import { welcome, type WelcomeFacts } from "../tui/welcome.ts";
import { cliVersion } from "../version.ts";
import { findWebRoot } from "../web-root.ts";

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 3006;

export const hubCommand: Command = {
  name: "hub",
  aliases: ["server"],
  summary: "Start the hub: web app, API and database; stop, restart, back up, restore and check it",
  usage: "[options] | status | stop | restart | logs | backup [FILE] | restore FILE [--yes] | check [--fix]",
  options: {
    host: { type: "string", value: "HOST", help: `address to listen on (default ${DEFAULT_HOST}; HAPI_LISTEN_HOST)` },
    port: { type: "string", short: "p", value: "PORT", help: `port to listen on (default ${DEFAULT_PORT}, 0 picks one; HAPI_LISTEN_PORT)` },
    ...listenOptions,
    "no-runner": { type: "boolean", help: "without this machine's runner: the web app can't start sessions here" },
    "with-runner": { type: "boolean", help: "with it, as by default" },
    "with-demo": { type: "boolean", help: "on an empty database, start a session with the built-in demo agent" },
    "no-qr": { type: "boolean", help: "don't print the QR code" },
    yes: { type: "boolean", short: "y", help: "restore: don't ask" },
    fix: { type: "boolean", help: "check: mend what can be mended, with the hub stopped" },
    json: { type: "boolean", help: "print JSON; the hub itself one line with url, token and pid instead of the welcome" },
    quiet: { type: "boolean", help: "print nothing: for services and scripts that keep the output, where the token must not be" },
  },
  takes: {
    verbs: {
      "": { options: ["host", "port", ...Object.keys(listenOptions), "no-runner", "with-runner", "with-demo", "no-qr", "json", "quiet"] },
      status: { options: ["json"] },
      stop: { options: ["json"] },
      restart: { options: ["json"] },
      logs: { options: ["json"] },
      check: { options: ["fix", "json"] },
      backup: { words: 1, options: ["json"] },
      restore: { words: 1, options: ["yes", "json"] },
    },
  },
  examples: [
    "hapi hub",
    "hapi hub --host 0.0.0.0 --tls             for other devices on this network; compare the fingerprint",
    "hapi hub --host 0.0.0.0 --port 443 --tls-cert cert.pem --tls-key key.pem",
    "hapi hub --no-runner --json",
    "HAPI_PUBLIC_URL=https://hapi.example.org hapi hub",
    "hapi hub stop                             sessions go on; hapi hub restart starts it again on its address",
    "hapi hub logs                             the end of its log",
    "hapi hub backup                           into backups/ of the home, while the hub runs",
    "hapi hub backup /mnt/disk/hapi.sqlite --json",
    "hapi hub restore /mnt/disk/hapi.sqlite    stopped or running; what was there is kept beside it",
    "hapi hub check                            exit code 1 when something is wrong",
    "hapi hub status --json                    exit code 3 when no hub runs here",
  ],
  run: runHubWords,
};

const verbs: Record<string, () => Promise<Command["run"]>> = {
  backup: async () => (await import("./hub/backup.ts")).backup,
  restore: async () => (await import("./hub/restore.ts")).restore,
  check: async () => (await import("./hub/check.ts")).check,
  status: async () => (await import("./hub/status.ts")).status,
  stop: async () => (await import("./hub/lifecycle.ts")).stop,
  restart: async () => (await import("./hub/lifecycle.ts")).restart,
  logs: async () => (await import("./hub/lifecycle.ts")).logs,
};

async function runHubWords(words: ParsedWords, context: CommandContext): Promise<number> {
  const verb = words.positionals[0];
  if (verb === undefined) return runHubCommand(words, context);
  return (await byVerb(verbs, verb, "hub")())(words, context);
}

async function runHubCommand(words: ParsedWords, context: CommandContext): Promise<number> {
  const home = hapiHome(context.env);
  ensurePrivateDir(home);
  const settings = loadSettings(home);
  const { publicUrl, ...reach } = listening(words, context, settings);
  const transport = transportOf(words, context, settings);
  if (await greetRunning(words, context, publicUrl)) return 0;
  const token = await resolveHubToken(context.env);
  if (token.includes(":"))
    throw new AppError("settings_corrupt", "The hub's own token must not contain a colon: the part after a colon names a namespace.");
  const log = createLogger({ name: "hub", file: `${ensurePrivateDir(logDir(home))}/hub.log` });
  const webRoot = findWebRoot();
  const stop = Promise.withResolvers<string>();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => stop.resolve(name));

  const hub = await startHub({
    ...reach,
    ...transport,
    home,
    token,
    log,
    ...(publicUrl ? { publicUrl } : {}),
    ...(webRoot ? { webRoot } : {}),
    onFailed: (cause) => stop.reject(cause),
  });
  const hasRunner = !isSet(words, "no-runner");
  let runner: KeptRunner | null = null;
  try {
    if (hasRunner) runner = keepRunner({ env: { ...context.env, HAPI_API_URL: hub.url, CLI_API_TOKEN: token }, home, log });
    await greet(words, context, { ...reachOf(hub, transport), publicUrl, token, home, hasRunner });
    if (webRoot === null && isTalkative(words))
      context.terminal.note(context.paint.waiting("The web app is not built; only the API is served. Run: npm run build"));
    if (isSet(words, "with-demo")) await tryDemo(hub.url, token, home, context, log);
    const reason = await stop.promise;
    log.info("hub.stopping", { reason, version: cliVersion, at: systemClock.now() });
    if (isTalkative(words)) context.terminal.note("\nStopping the hub. Sessions go on.");
    return 0;
  } finally {
    await runner?.close();
    await hub.close();
  }
}

const isTalkative = (words: ParsedWords): boolean => !isSet(words, "json") && !isSet(words, "quiet");

interface Listening {
  host: string;
  port: number;
  publicUrl: string | null;
  /** Web apps of other origins that may call the API; `*` for all. */
  corsOrigins: string[];
  /** Names by which it is reached besides its own; `*`: any. */
  allowedHosts: string[];
  /** Whom to tell of a hole in this hub. */
  securityContact?: string;
}

/** A flag counts before the environment, the environment before `settings.json`. */
function listening(words: ParsedWords, { env }: CommandContext, settings: Readonly<Record<string, unknown>>): Listening {
  const origins = env["CORS_ORIGINS"] ?? settings["corsOrigins"];
  const hosts = env["HAPI_ALLOWED_HOSTS"] ?? settings["allowedHosts"];
  return {
    host: textValue(words, "host") ?? env["HAPI_LISTEN_HOST"] ?? asText(settings["listenHost"]) ?? DEFAULT_HOST,
    port: portOf(textValue(words, "port") ?? env["HAPI_LISTEN_PORT"] ?? asText(settings["listenPort"])),
    publicUrl: publicUrlOf(env["HAPI_PUBLIC_URL"] || settings["publicUrl"]),
    corsOrigins: listOf(origins).flatMap(originOf),
    ...contactOf(env["HAPI_SECURITY_CONTACT"] || settings["securityContact"]),
    allowedHosts: listOf(hosts).map(hostOf),
  };
}

function hostOf(text: string): string {
  if (text === "*") return text;
  const url = URL.parse(`http://${text}`);
  if (url && url.hostname === text.toLowerCase()) return url.hostname;
  throw new AppError("invalid_query", `HAPI_ALLOWED_HOSTS must list names like hapi.example.org, or be *, not "${text}".`);
}

function contactOf(value: unknown): Pick<Listening, "securityContact"> {
  if (value === undefined || value === null || value === "") return {};
  if (typeof value === "string" && /^(?:mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/.test(value)) return { securityContact: value };
  throw new AppError("invalid_query", `HAPI_SECURITY_CONTACT must be an address like mailto:me@example.org, not "${String(value)}".`);
}

function originOf(text: string): string[] {
  if (text === "*") return [text];
  const url = URL.parse(text);
  if (url && url.origin !== "null") return [url.origin];
  throw new AppError("invalid_query", `CORS_ORIGINS must list addresses like https://app.example.org, or be *, not "${text}".`);
}

/** On a home whose hub runs: where that one is. Not for who wants it elsewhere or in the background, who must hear that it can't be had. */
async function greetRunning(words: ParsedWords, context: CommandContext, publicUrl: string | null): Promise<boolean> {
  const home = hapiHome(context.env);
  const { pid, url, isOpen, front, listen } = runningHub(home) ?? {};
  if (pid === undefined || url === undefined || isSet(words, "quiet")) return false;
  if (textValue(words, "host") !== undefined || textValue(words, "port") !== undefined || !(await isHealthy(url))) return false;
  const token = knownCliApiToken({ ...context.env, HAPI_API_URL: "" }) ?? "";
  await greet(words, context, {
    url,
    front,
    publicUrl,
    token,
    home,
    isOpen,
    isInsecure: listen?.insecureHttp,
    running: pid,
    hasRunner: true,
  });
  return true;
}

function reachOf({ url, host, front }: RunningHub, { trustedProxies, insecureHttp }: Transport) {
  return { url: reachable(url), front, isOpen: isEverywhere(host) && !trustedProxies, isInsecure: insecureHttp };
}

/** What it listens on is not always what one can call. */
function reachable(url: string): string {
  const { hostname, port } = new URL(url);
  return `http://${reachableHost(hostname)}:${port || 80}`;
}

/** `facts.token`: the hub's own, which no link carries. */
async function greet(words: ParsedWords, { terminal, paint, env }: CommandContext, facts: WelcomeFacts): Promise<void> {
  if (isSet(words, "quiet")) return;
  const { url, token, home, running = process.pid } = facts;
  if (isSet(words, "json")) return terminal.out(JSON.stringify({ url, token, pid: running, home }));
  const code = await webCode({ url, token }).catch((cause: unknown) => {
    terminal.note(paint.waiting(`There is no link that signs in: ${sentenceOf(cause)}`));
    return "";
  });
  const isUninstalled = env["npm_lifecycle_event"] === "start" && findProgram("hapi", env) === null;
  terminal.out(
    welcome({ ...facts, token: code ?? token, isUninstalled }, paint, { withCode: terminal.isInteractive && !isSet(words, "no-qr") }),
  );
}

/** The demo is a courtesy: when it can't start, the hub stays and the reason is said. */
async function tryDemo(url: string, token: string, home: string, context: CommandContext, log: Logger): Promise<void> {
  try {
    const sessionId = await startDemoOnEmptyHub({ url, token, home, deadlineMs: 20_000 });
    if (sessionId && context.terminal.isInteractive) context.terminal.note(context.paint.dim("  A demo session is waiting for you.\n"));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    log.warn("hub.demo_not_started", { reason });
    context.terminal.note(`The demo session could not be started: ${reason}`);
  }
}

function portOf(text: string | undefined): number {
  if (text === undefined || text === "") return DEFAULT_PORT;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new AppError("invalid_query", `The port must be a number from 0 to 65535, not "${text}".`);
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
