/**
 * What git says about the session's folder: status, numstat, the diff of one file. Read-only: no locks are taken, and nothing that the
 * repository names is run (`git-command.ts`).
 */
import { confinedName, type Confinement } from "./confine.ts";
import { commandAnswer, type CommandAnswer, type RunCommand } from "./command.ts";
import { createGit } from "./git-command.ts";

const LIMITS = { timeoutMs: 20_000, maxBytes: 4 * 1024 * 1024 };
const SAFE_DIFF = ["diff", "--no-color", "--no-ext-diff", "--no-textconv"] as const;

export interface GitReader {
  status(): Promise<CommandAnswer>;
  diffNumstat(staged: boolean): Promise<CommandAnswer>;
  diffFile(path: string, staged: boolean): Promise<CommandAnswer>;
}

export function createGitReader(confinement: Confinement, run: RunCommand): GitReader {
  const safeGit = createGit(confinement.root, run);
  const git = async (...args: string[]): Promise<CommandAnswer> => commandAnswer(await safeGit(args, LIMITS));
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
