/** The documents that are made from code, with where they belong. */
import { resolve } from "node:path";
import { agentsMatrix } from "./agents-matrix.ts";
import { claudeWords } from "./claude-words.ts";
import { describedTable } from "./described.ts";
import { protocolReference } from "./protocol-reference.ts";
import { scopesTable } from "./scopes-table.ts";
import { statusTable } from "./status-table.ts";

const docs = (name: string): string => resolve(import.meta.dir, "../../docs", name);

export async function generated(): Promise<[path: string, text: string][]> {
  return [
    [docs("protocol.md"), protocolReference()],
    [docs("scopes.md"), scopesTable()],
    [docs("described.md"), describedTable()],
    [docs("claude-code.md"), claudeWords()],
    [docs("status.md"), await statusTable()],
    [docs("agents-matrix.md"), agentsMatrix()],
  ];
}
