/** `hapi __session`: the session process, child of a host; `hapi __session settle DIR` speaks for a session whose host was killed. */
import { runSessionProcess, SETTLE_WORD, settleSession } from "@hapi/machine";

export async function runSession([word, dir]: string[] = []): Promise<number> {
  if (word === SETTLE_WORD && dir) return settleSession(dir, process.env);
  return runSessionProcess(process.env);
}
