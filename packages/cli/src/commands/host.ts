/** `hapi __host`: the session host. Loads the host and nothing else, to stay small for days. */
import { runHost } from "@hapi/host";

export function runHostProcess(words: string[]): Promise<number> {
  return runHost(words, process.env);
}
