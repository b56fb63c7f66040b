/**
 * What git says about the session's folder: status, numstat, the diff of one file. Read-only: no locks are taken, and neither hooks nor
 * diff programs named in the repository's own configuration are run.
 */
import { confinedName, type Confinement } from "./confine.ts";
import { commandAnswer, type CommandAnswer, type RunCommand } from "./command.ts";

const TIMEOUT_MS = 20_000;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
const SAFE = [
  "git",
  "--no-optional-locks",
  "-c",
  "core.fsmonitor=false",
  "-c",
  "core.hooksPath=/dev/null",
  "-c",
  "core.quotepath=false",
] as const;
const SAFE_DIFF = ["diff", "--no-color", "--no-ext-diff", "--no-textconv"] as const;

export interface GitReader {
  status(): Promise<CommandAnswer>;
  diffNumstat(staged: boolean): Promise<CommandAnswer>;
  diffFile(path: string, staged: boolean): Promise<CommandAnswer>;
}

export function createGitReader(confinement: Confinement, run: RunCommand): GitReader {
  const git = async (...args: string[]): Promise<CommandAnswer> =>
    commandAnswer(await run([...SAFE, ...args], { cwd: confinement.root, timeoutMs: TIMEOUT_MS, maxBytes: MAX_OUTPUT_BYTES }));
  const stagedFlag = (staged: boolean): string[] => (staged ? ["--cached"] : []);
  return {
    status: () => git("status", "--porcelain=v2", "--branch", "--untracked-files=all"),
    diffNumstat: (staged) => git(...SAFE_DIFF, "--numstat", ...stagedFlag(staged)),
    diffFile: async (path, staged) => {
      const name = await confinedName(confinement, path);
      return git(...SAFE_DIFF, ...stagedFlag(staged), "--", `:(literal)${name}`);
    },
  };
}
