/** Files, git and generated images of a session: relays to its process, which confines paths. Nothing is read by the hub itself. */
import { AppError, type Session } from "@hapi/protocol";
import { Hono, type Context } from "hono";
import { relayed } from "../../rpc/relay.ts";
import type { Rpc } from "../../rpc/rpc.ts";
import type { ApiEnv } from "../api-env.ts";
import { needs } from "../needs.ts";
import type { SessionAccess } from "../../sessions/access.ts";

const defaultFiles = 200;
const maxFiles = 500;

type Calls = ReturnType<Rpc["session"]>;

export function sessionFileRoutes(deps: { access: SessionAccess; rpc: Rpc }): Hono<ApiEnv> {
  const { access, rpc } = deps;
  const app = new Hono<ApiEnv>();
  const forward = async (
    c: Context<ApiEnv>,
    call: (session: Calls, cwd: string) => Promise<Record<string, unknown>>,
  ): Promise<Response> => {
    const session = await access.session(c.get("actor"), c.req.param("id") as string);
    const cwd = session.metadata?.path;
    if (!cwd) return c.json({ success: false, error: "Session path not available" });
    return c.json(await relayed(call(rpc.session(session.id), cwd)));
  };
  const isStaged = (c: Context<ApiEnv>): boolean => c.req.query("staged") === "true" || c.req.query("staged") === "1";

  app.get("/sessions/:id/git-status", needs("files:read"), (c) => forward(c, (session, cwd) => session.gitStatus({ cwd })));
  app.get("/sessions/:id/git-diff-numstat", needs("files:read"), (c) =>
    forward(c, (session, cwd) => session.gitDiffNumstat({ cwd, staged: isStaged(c) })),
  );
  app.get("/sessions/:id/git-diff-file", needs("files:read"), (c) => {
    const filePath = required(c, "path");
    return forward(c, (session, cwd) => session.gitDiffFile({ cwd, filePath, staged: isStaged(c) }));
  });
  app.get("/sessions/:id/file", needs("files:read"), (c) => {
    const path = required(c, "path");
    return forward(c, (session) => session.readFile({ path }));
  });
  app.get("/sessions/:id/directory", needs("files:read"), (c) =>
    forward(c, (session) => session.listDirectory({ path: c.req.query("path") ?? "" })),
  );
  app.get("/sessions/:id/files", needs("files:read"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    const cwd = session.metadata?.path;
    if (!cwd) return c.json({ success: false, error: "Session path not available" });
    return c.json(await searchFiles(rpc, session, { cwd, query: c.req.query("query") ?? "", limit: fileLimit(c.req.query("limit")) }));
  });
  app.get("/sessions/:id/generated-images/:imageId", needs("files:read"), (c) => generatedImage(c, access, rpc));
  return app;
}

function required(c: Context, name: string): string {
  const value = c.req.query(name);
  if (!value) throw new AppError("invalid_query");
  return value;
}

function fileLimit(text: string | undefined): number {
  const limit = Number(text);
  return Number.isFinite(limit) && limit >= 1 ? Math.min(Math.trunc(limit), maxFiles) : defaultFiles;
}

/** ripgrep's list of files, named as the clients want them. `*` and `?` in the query are wildcards. */
async function searchFiles(rpc: Rpc, session: Session, search: { cwd: string; query: string; limit: number }): Promise<object> {
  const { cwd, query, limit } = search;
  const hasWildcard = /[*?]/.test(query);
  const glob = query === "" ? [] : ["--iglob", hasWildcard ? query : `*${query}*`];
  const params = { args: ["--files", ...glob], cwd, fileSearch: { query, limit } };
  const answer = await relayed(rpc.session(session.id).ripgrep(params));
  const { success, stdout, error } = answer;
  if (success !== true && typeof stdout !== "string") return { success: false, error: error ?? "File search failed" };
  const paths = String(stdout ?? "")
    .split("\n")
    .filter((line) => line !== "")
    .slice(0, limit);
  const files = paths.map((path) => ({
    fileName: path.slice(path.lastIndexOf("/") + 1),
    filePath: path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "",
    fullPath: path,
    fileType: "file",
  }));
  return { success: true, files };
}

async function generatedImage(c: Context<ApiEnv>, access: SessionAccess, rpc: Rpc): Promise<Response> {
  const session = await access.session(c.get("actor"), c.req.param("id") as string);
  const imageId = c.req.param("imageId") as string;
  const etag = `"${imageId.replace(/[^\w.-]/g, "")}"`;
  const headers = { etag, "cache-control": "private, max-age=31536000, immutable", "x-content-type-options": "nosniff" };
  if (c.req.header("if-none-match") === etag) return new Response(null, { status: 304, headers });
  const image = await relayed(rpc.session(session.id).readGeneratedImage({ id: imageId }));
  if (typeof image["content"] !== "string") throw new AppError("not_found", "Image not found");
  const mimeType = typeof image["mimeType"] === "string" ? image["mimeType"] : "application/octet-stream";
  const isInline = /^(image\/(?!svg)|video\/|audio\/)/.test(mimeType.toLowerCase());
  return new Response(Buffer.from(image["content"], "base64"), {
    headers: {
      ...headers,
      "content-type": mimeType,
      "content-disposition": isInline ? "inline" : "attachment",
      "content-security-policy": "sandbox",
    },
  });
}
