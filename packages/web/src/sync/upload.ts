/** A file on its way to the machine, with its progress, which `fetch` does not tell. Refusals are the hub's own. */
import { parseJson } from "@hapi/core";
import { errorFromBody, fileCalls, type HubApi } from "@hapi/client";
import { AppError, type Attachment } from "@hapi/protocol";
import { note } from "../ground/ignore.ts";
import { toBase64 } from "./base64.ts";

const TIMEOUT_MS = 120_000;

interface Upload {
  sessionId: string;
  file: { filename: string; mimeType: string; content: Blob };
  progress: (share: number) => void;
  signal: AbortSignal;
}

/** @returns what the machine calls the file */
export async function upload(api: HubApi, { sessionId, file, progress, signal }: Upload): Promise<string> {
  const [content, token] = await Promise.all([toBase64(file.content), api.token()]);
  const url = `${api.baseUrl}/api/sessions/${encodeURIComponent(sessionId)}/upload`;
  const body = JSON.stringify({ filename: file.filename, mimeType: file.mimeType, content });
  const answer = await post(url, { token, body, progress, signal }).catch((cause: unknown) => {
    // the token ran out: the client's own call renews it
    if (cause instanceof AppError && cause.status === 401) return fileCalls(api).upload(sessionId, { ...file, content }, signal);
    throw cause;
  });
  const fields = typeof answer === "object" && answer !== null ? (answer as Record<string, unknown>) : {};
  if (fields["success"] === false) throw new AppError("apply_failed", typeof fields["error"] === "string" ? fields["error"] : undefined);
  if (typeof fields["path"] !== "string") throw new AppError("protocol_mismatch");
  return fields["path"];
}

function post(
  url: string,
  call: { token: string; body: string; progress: (share: number) => void; signal: AbortSignal },
): Promise<unknown> {
  const { token, body, progress, signal } = call;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.timeout = TIMEOUT_MS;
    request.setRequestHeader("authorization", `Bearer ${token}`);
    request.setRequestHeader("content-type", "application/json");
    request.upload.addEventListener("progress", ({ loaded, total }) => total > 0 && progress(loaded / total));
    request.addEventListener("load", () => {
      const answer = parseJson(request.responseText);
      if (request.status >= 200 && request.status < 300) resolve(answer);
      else reject(errorFromBody(request.status, answer));
    });
    request.addEventListener("error", () => reject(new AppError("hub_unreachable")));
    request.addEventListener("timeout", () => reject(new AppError("timeout")));
    request.addEventListener("abort", () => reject(signal.reason as Error));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}

/** What was uploaded, back from the machine. A machine that is away, or a file that is gone, is no error: its small copy is on the screen. */
export async function pictureOf(api: HubApi, sessionId: string, file: Attachment): Promise<string | null> {
  if (!/^image\/(?:png|jpe?g|gif|webp|avif)$/.test(file.mimeType)) return null;
  try {
    return `data:${file.mimeType};base64,${await fileCalls(api).readFile(sessionId, file.path)}`;
  } catch (cause) {
    note("a picture could not be read from its machine", cause);
    return null;
  }
}
