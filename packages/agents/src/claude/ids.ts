/** Ids that are the same on every calculation, so that a restarted session process recognises its own marks in Claude's record. */
import { sha256Hex } from "@hapi/platform/lean";

function uuidOf(...parts: string[]): string {
  const hash = Buffer.from(sha256Hex(JSON.stringify(parts)), "hex");
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString("hex", 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** How often one prompt can be sent anew by `retry`; lookups try them all. */
export const MAX_ATTEMPTS = 20;

/** The uuid a prompt carries to Claude. Attempt 0 is the first sending; `retry` counts up, since Claude ignores a uuid whose turn completed. */
export function promptUuid(sessionId: string, localId: string, attempt = 0): string {
  return uuidOf("claude-prompt", sessionId, localId, String(attempt));
}

export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
