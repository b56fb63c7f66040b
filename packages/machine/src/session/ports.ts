/** The ports of a session process, built from its environment, its folder and this home's settings. */
import { dirname } from "node:path";
import { homedir } from "node:os";
import { driverFor } from "@hapi/agents";
import { createSessionLink } from "@hapi/client/link";
import type { HostControl } from "@hapi/host";
import { AppError } from "@hapi/protocol";
import { knownCliApiToken, loadSettings, type Logger, selfCommand, systemClock } from "@hapi/platform";
import { buildAgentEnv } from "./agent-env.ts";
import { credentialFingerprint } from "./credentials.ts";
import { changedOf, type Env, environmentFacts, withKept } from "./environment.ts";
import type { Ledger } from "./ledger.ts";
import { hubNow, hubOfSession, type KnownHub } from "./hub-address.ts";
import { createOutsideCommand } from "./outside-command.ts";
import { DEFAULT_PARK_AFTER_MS } from "./parking.ts";
import type { OpenSessionFile } from "./session-file.ts";
import type { SessionPorts } from "./session-ports.ts";

export type { Env };

export interface SessionProcessOptions {
  /** HAPI's own version, for the session's metadata. */
  version?: string;
}

function settingsOf(home: string, env: Env): SessionPorts["settings"] {
  const settings = loadSettings(home);
  const minutes = Number(env["HAPI_PARK_AFTER_MINUTES"] ?? settings["parkAfterMinutes"] ?? Number.NaN);
  return {
    remoteWhileLocal: settings["remoteWhileLocal"] === "read-only" ? "read-only" : "switch",
    autoRetry: settings["autoRetry"] === true,
    parkAfterMs: Number.isFinite(minutes) && minutes >= 0 ? minutes * 60_000 : DEFAULT_PARK_AFTER_MS,
  };
}

function libDir(): string {
  const words = selfCommand();
  return dirname(words.at(-1) ?? process.execPath);
}

function extraHeaders(env: Env, home: string): Record<string, string> | undefined {
  const given = env["HAPI_EXTRA_HEADERS_JSON"] ?? loadSettings(home)["extraHeaders"];
  const value: unknown = typeof given === "string" ? JSON.parse(given) : given;
  if (typeof value !== "object" || value === null) return undefined;
  return Object.fromEntries(Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === "string"));
}

export interface PortsInput extends Pick<SessionPorts, "hookCommand" | "hookSockets" | "hookEnv" | "closeHooks" | "tools"> {
  env: Env;
  home: string;
  dir: string;
  sessionFile: OpenSessionFile;
  ledger: Ledger;
  host: HostControl;
  log: Logger;
}

export function buildPorts(input: PortsInput, options: SessionProcessOptions): SessionPorts {
  const { env, home, sessionFile, log } = input;
  const { sessionId, flavor } = sessionFile.value;
  const driver = driverFor(flavor, home);
  if (!driver) throw new AppError("unsupported_flavor", `This HAPI does not know the agent "${flavor}"`);
  const token = knownCliApiToken({ ...env, HAPI_HOME: home }) ?? "";
  const hub = (): KnownHub => hubNow(home, hubOfSession(sessionFile.value));
  const changedCredentials = changedOf(sessionFile.value.environment, env, credentialFingerprint(home));
  return {
    ...input,
    driver,
    link: createSessionLink({
      hubUrl: () => hub().hubUrl,
      token,
      sessionId,
      extraHeaders: extraHeaders(env, home),
      log: (event, fields) => log.debug(event, fields),
    }),
    hub,
    clock: systemClock,
    agentEnv: buildAgentEnv(withKept(env, sessionFile.value.environment), sessionId),
    environment: environmentFacts(sessionFile.value.environment, driver.environment, env, Object.keys(changedCredentials)),
    changedCredentials,
    runCommand: createOutsideCommand(home),
    settings: settingsOf(home, env),
    about: { version: options.version ?? "0.1.0", libDir: libDir(), userHome: env["HOME"] ?? homedir() },
  };
}
