/**
 * A picture that the agent shows the person: a file of the session's folder, told as a call of ours with its bytes. Only what every browser draws as a
 * picture and nothing else: what the file is called says nothing, its first bytes do. SVG is a document with scripts, and is none of these.
 */
import { type AgentEvent, AppError } from "@hapi/protocol";
import { type Confinement, readBytes } from "../../files/index.ts";

/** In the history, and on the way to every phone that opens it. */
export const MAX_IMAGE_BYTES = 2 * 1024 * 1024;

/** PNG: RFC 2083. JPEG: ISO/IEC 10918-1, B.2. GIF: its specification 89a. WebP: its container specification, RIFF and `WEBP` at byte 8. */
const SIGNATURES: readonly (readonly [mimeType: string, at: number, bytes: string])[] = [
  ["image/png", 0, "\x89PNG\r\n\x1a\n"],
  ["image/jpeg", 0, "\xff\xd8\xff"],
  ["image/gif", 0, "GIF87a"],
  ["image/gif", 0, "GIF89a"],
  ["image/webp", 8, "WEBP"],
];

function typeOf(bytes: Buffer): string | null {
  const found = SIGNATURES.find(([, at, signature]) => bytes.subarray(at, at + signature.length).toString("latin1") === signature);
  return found?.[0] ?? null;
}

/** @throws AppError with what to do */
export async function imageRows(
  confinement: Confinement,
  { id, path, caption }: { id: string; path: string; caption: string },
): Promise<AgentEvent[]> {
  const { bytes } = await readBytes(confinement, path, MAX_IMAGE_BYTES).catch((cause: unknown) => {
    if (cause instanceof AppError && cause.code === "body_too_large")
      throw new AppError("body_too_large", `A picture may have ${MAX_IMAGE_BYTES / 1024 / 1024} MB. Show a smaller one.`, { cause });
    throw cause;
  });
  const mimeType = typeOf(bytes);
  if (mimeType === null) throw new AppError("invalid_body", "Only PNG, JPEG, GIF and WebP can be shown. Convert it to one of these first.");
  const callId = `hapi-image-${id}`;
  const call = { id: callId, type: "tool-call", tool: "display_image", kind: "other", title: caption, input: { path, caption } } as const;
  const content = [{ type: "image" as const, mimeType, data: bytes.toString("base64") }];
  return [call, { id: `${callId}-result`, type: "tool-result", callId, status: "completed", output: "", content }];
}
