/** `hapi __session`: the session process, child of a host. */
import { runSessionProcess } from "@hapi/machine";

export async function runSession(): Promise<number> {
  return runSessionProcess(process.env);
}
