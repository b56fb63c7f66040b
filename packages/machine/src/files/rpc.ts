/**
 * The read-only file and git RPCs of a session, under the names of existing clients. Failures are data, as those expect: `{success:false, error}`.
 * Nothing here writes, and nothing runs a program with words that came over the wire, except as a confined path.
 */
import * as z from "zod/mini";
import { AppError, toAppError } from "@hapi/protocol";
import type { RunCommand } from "./command.ts";
import type { Confinement } from "./confine.ts";
import { findFiles, MAX_FOUND } from "./find.ts";
import { createGitReader } from "./git.ts";
import { listDirectory, readFileContent, statFiles } from "./read.ts";

export type FileRpcHandler = (params: unknown) => Promise<unknown>;

const params = {
  staged: z.looseObject({ staged: z.optional(z.boolean()) }),
  diffFile: z.looseObject({ filePath: z.string(), staged: z.optional(z.boolean()) }),
  path: z.looseObject({ path: z.string() }),
  paths: z.looseObject({ paths: z.array(z.string()) }),
  search: z.looseObject({
    args: z.optional(z.array(z.string())),
    fileSearch: z.optional(z.looseObject({ query: z.string(), limit: z.optional(z.number()) })),
  }),
};

/** What an existing client asks for: `--files` with an optional `--iglob <pattern>`. Other words of ripgrep are not run. */
function searchOf(input: z.infer<typeof params.search>): { query: string; limit: number } {
  if (input.fileSearch) return { query: input.fileSearch.query, limit: input.fileSearch.limit ?? MAX_FOUND };
  const args = input.args ?? [];
  if (!args.includes("--files")) throw new AppError("not_supported", "Only the search for file names is offered");
  const at = args.findIndex((arg) => arg === "--iglob" || arg === "--glob");
  const glob = at >= 0 ? (args[at + 1] ?? "") : (args.find((arg) => arg.startsWith("--iglob="))?.slice("--iglob=".length) ?? "");
  const inner = /^\*([^*?]*)\*$/.exec(glob)?.[1];
  return { query: inner ?? glob, limit: MAX_FOUND };
}

function guarded<S extends z.ZodMiniType>(schema: S, handle: (input: z.output<S>) => Promise<object>): FileRpcHandler {
  return async (raw) => {
    const input = schema.safeParse(raw ?? {});
    if (!input.success) return { success: false, error: "Invalid parameters", code: "invalid_body" };
    try {
      return { success: true, ...(await handle(input.data)) };
    } catch (cause) {
      const error = toAppError(cause);
      return { success: false, error: error.message, code: error.code };
    }
  };
}

export function fileRpcs(confinement: Confinement, run: RunCommand): Record<string, FileRpcHandler> {
  const git = createGitReader(confinement, run);
  return {
    "git-status": guarded(params.staged, () => git.status()),
    "git-diff-numstat": guarded(params.staged, (input) => git.diffNumstat(input.staged ?? false)),
    "git-diff-file": guarded(params.diffFile, (input) => git.diffFile(input.filePath, input.staged ?? false)),
    readFile: guarded(params.path, (input) => readFileContent(confinement, input.path)),
    listDirectory: guarded(params.path, (input) => listDirectory(confinement, input.path === "" ? "." : input.path)),
    statFiles: guarded(params.paths, async (input) => ({ files: await statFiles(confinement, input.paths) })),
    ripgrep: guarded(params.search, async (input) => {
      const search = searchOf(input);
      const found = await findFiles(confinement, run, search.query, search.limit);
      return { stdout: found.map((path) => `${path}\n`).join(""), stderr: "", exitCode: 0 };
    }),
  };
}
