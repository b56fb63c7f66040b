/** Files of a session: what is sent with a prompt, and what stands in its directory. Beside `HubApi`: most visits send none. */
import { type Ask, expected, sessionPath, SLOW_MS, succeeded, UPLOAD_MS } from "./asking.ts";

export function fileCalls({ request }: Pick<Ask, "request">) {
  return {
    /** `content` in base64. */
    async upload(
      id: string,
      file: { filename: string; mimeType: string; content: string },
      signal?: AbortSignal,
    ): Promise<{ path: string }> {
      const call = { body: file, timeoutMs: UPLOAD_MS, signal };
      const { path } = succeeded(await request("POST", sessionPath(id, "/upload"), call));
      return { path: expected(typeof path === "string" ? path : null) };
    },
    /** In base64. The session's own directory and its uploads; the machine has a limit. */
    async readFile(id: string, path: string): Promise<string> {
      const { content } = succeeded(
        await request("GET", sessionPath(id, `/file?path=${encodeURIComponent(path)}`), { timeoutMs: SLOW_MS }),
      );
      return expected(typeof content === "string" ? content : null);
    },
  };
}
