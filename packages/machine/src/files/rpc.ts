/**
 * The read-only file and git RPCs of a session, under the names of existing clients. Failures are data, as those expect: `{success:false, error}`.
 * Nothing here writes, and nothing runs a program with words that came over the wire, except as a confined path.
 */
import { type RpcHandler, type RpcHandlers, servedRpc } from "@hapi/client/link";
import { AppError } from "@hapi/protocol";
import { fileRpc } from "@hapi/protocol/rpc";
import type * as z from "zod/mini";
import type { RunCommand } from "./command.ts";
import type { Confinement } from "./confine.ts";
import { findFiles, MAX_FOUND } from "./find.ts";
import { createGitReader } from "./git.ts";
import { listDirectory, readFileContent, statFiles } from "./read.ts";

type Search = z.output<(typeof fileRpc)["ripgrep"]["params"]>;

/** What an existing client asks for: `--files` with an optional `--iglob <pattern>`. Other words of ripgrep are not run. */
function searchOf(input: Search): { query: string; limit: number } {
  if (input.fileSearch) return { query: input.fileSearch.query, limit: input.fileSearch.limit ?? MAX_FOUND };
  const args = input.args ?? [];
  if (!args.includes("--files")) throw new AppError("not_supported", "Only the search for file names is offered");
  const at = args.findIndex((arg) => arg === "--iglob" || arg === "--glob");
  const glob = at >= 0 ? (args[at + 1] ?? "") : (args.find((arg) => arg.startsWith("--iglob="))?.slice("--iglob=".length) ?? "");
  const inner = /^\*([^*?]*)\*$/.exec(glob)?.[1];
  return { query: inner ?? glob, limit: MAX_FOUND };
}

const failed = ({ message, code }: AppError): object => ({ success: false, error: message, code });

export function fileRpcs(confinement: Confinement, run: RunCommand): Record<string, RpcHandler> {
  const git = createGitReader(confinement, run);
  // `success` in what git says of itself is the command's own.
  const ok = async (answer: Promise<object>): Promise<Record<string, unknown>> => ({ success: true, ...(await answer) });
  const handlers: RpcHandlers<typeof fileRpc> = {
    gitStatus: () => ok(git.status()),
    gitDiffNumstat: ({ staged = false }) => ok(git.diffNumstat(staged)),
    gitDiffFile: ({ filePath, staged = false }) => ok(git.diffFile(filePath, staged)),
    readFile: ({ path }) => ok(readFileContent(confinement, path)),
    listDirectory: ({ path }) => ok(listDirectory(confinement, path === "" ? "." : path)),
    statFiles: async ({ paths }) => ({ success: true, files: await statFiles(confinement, paths) }),
    async ripgrep(input) {
      const search = searchOf(input);
      const found = await findFiles(confinement, run, search.query, search.limit);
      return { success: true, stdout: found.map((path) => `${path}\n`).join(""), stderr: "", exitCode: 0 };
    },
  };
  return servedRpc(fileRpc, handlers, failed);
}
