/** Where Claude keeps its conversations. Read only: nothing here is ever written by us. */
import { homedir } from "node:os";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

type Env = Readonly<Record<string, string | undefined>>;

export function configDir(env: Env): string {
  return env["CLAUDE_CONFIG_DIR"] || join(env["HOME"] || homedir(), ".claude");
}

function projectDir(env: Env, cwd: string): string {
  return join(configDir(env), "projects", cwd.replace(/[^a-zA-Z0-9]/g, "-"));
}

/**
 * The transcript of a conversation: where it is, or where it will be. A conversation that was begun in another folder keeps its file there.
 */
export function transcriptPath(env: Env, cwd: string, threadId: string): string {
  const expected = join(projectDir(env, cwd), `${threadId}.jsonl`);
  if (existsSync(expected)) return expected;
  const projects = join(configDir(env), "projects");
  const elsewhere = foldersIn(projects)
    .map((name) => join(projects, name, `${threadId}.jsonl`))
    .find((path) => existsSync(path));
  return elsewhere ?? expected;
}

/** The conversation `--continue` would take up: the newest of this folder. */
export function newestThread(env: Env, cwd: string): string | null {
  const dir = projectDir(env, cwd);
  if (!existsSync(dir)) return null;
  const found = readdirSync(dir)
    .filter((name) => name.endsWith(".jsonl"))
    .map((name) => ({ id: name.slice(0, -".jsonl".length), at: statSync(join(dir, name)).mtimeMs }));
  return found.sort((a, b) => b.at - a.at)[0]?.id ?? null;
}

/** Sub-agents of a conversation write beside it. */
export function subagentsDir(transcript: string): string {
  return join(transcript.replace(/\.jsonl$/, ""), "subagents");
}

export function liveSessionsDir(env: Env): string {
  return join(configDir(env), "sessions");
}

function foldersIn(dir: string): string[] {
  return existsSync(dir)
    ? readdirSync(dir, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
    : [];
}
