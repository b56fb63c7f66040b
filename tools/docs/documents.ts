/** The documents that are made from code, with where they belong. */
import { resolve } from "node:path";
import { protocolReference } from "./protocol-reference.ts";

export function generated(): [path: string, text: string][] {
  return [[resolve(import.meta.dir, "../../docs/protocol.md"), protocolReference()]];
}
