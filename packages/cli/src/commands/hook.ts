/** `hapi hook <socket>`: the bridge between an agent's hook (stdin, stdout) and its session. Starts in milliseconds, never blocks an agent for good. */
import { runHookBridge } from "@hapi/machine/hook-bridge";

export function runHook(words: string[]): Promise<number> {
  return runHookBridge(words, { stdin: process.stdin, stdout: process.stdout, env: process.env });
}
