/** Folders that agents in sandboxes write: what lies there is run by nobody outside them. */
import type { AgentDriver } from "@hapi/agents";
import { outsidePath } from "@hapi/platform";
import type { Box } from "./box.ts";
import { listSessionFiles } from "./create-session.ts";
import type { SessionPorts } from "./session-ports.ts";

/** Of every session in a sandbox that this home keeps, ended ones with them: what such an agent left is there still. */
export const boxedFolders = (home: string): string[] => listSessionFiles(home).flatMap(({ box, cwd }) => (box ? [cwd] : []));

type Env = Readonly<Record<string, string>>;

/** To look for agents in, where nobody is started: `env` finds nothing that lies in `written`. */
export function lookOutside(home: string, env: Env): { env: Env; written: readonly string[] } {
  const written = boxedFolders(home);
  return { written, env: written.length === 0 ? env : { ...env, PATH: outsidePath(env["PATH"], written) } };
}

interface WrittenInput {
  home: string;
  box: Box | undefined;
  cwd: string;
  /** Of a session that is not begun yet, where it will lie. */
  sessionDir: string;
  driver: Pick<AgentDriver, "ownPaths">;
  env: Env;
}

/** For the start of an agent. Without a sandbox it runs what the person would, and so may we. */
export function writtenFor({ home, box, cwd, sessionDir, driver, env }: WrittenInput): readonly string[] {
  if (!box) return [];
  const { folders = [], files = [] } = driver.ownPaths?.({ env, sessionDir }) ?? {};
  return [cwd, ...folders, ...files, ...boxedFolders(home)];
}

/** For the agent of a session that is there. */
export const writtenOf = ({ home, dir, driver, agentEnv, sessionFile: { value } }: SessionPorts): readonly string[] =>
  writtenFor({ home, box: value.box, cwd: value.cwd, sessionDir: dir, driver, env: agentEnv });
