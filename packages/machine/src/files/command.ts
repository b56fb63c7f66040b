/** The port through which file calls run a program, and the answer such a call gives existing clients. */

export interface CommandResult {
  stdout: string;
  stderr: string;
  exitCode: number;
  /** Output past the limit was cut off. */
  truncated: boolean;
}

/** Throws when the program can't be started or runs out of time. Output is bounded by `maxBytes`. */
export type RunCommand = (
  argv: readonly string[],
  options: { cwd: string; timeoutMs: number; maxBytes: number; env?: Readonly<Record<string, string>> },
) => Promise<CommandResult>;

export interface CommandAnswer {
  success: boolean;
  stdout?: string;
  stderr?: string;
  exitCode?: number;
  error?: string;
  truncated?: boolean;
}

export function commandAnswer(result: CommandResult): CommandAnswer {
  const answer: CommandAnswer = { success: result.exitCode === 0, stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode };
  if (result.truncated) answer.truncated = true;
  if (result.exitCode !== 0) answer.error = result.stderr.trim().split("\n")[0] || `exit code ${result.exitCode}`;
  return answer;
}
