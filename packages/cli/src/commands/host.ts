/** `hapi __host`: the session host. Loads the host and nothing else, to stay small for days. */
import { runHost } from "@hapi/host";

export async function runHostProcess(words: string[]): Promise<number> {
  await runHost(words, process.env);
  return 0;
}
