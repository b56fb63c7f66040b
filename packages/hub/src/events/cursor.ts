/** SSE ids `epoch:seq:nsTag`. Opaque for clients; the tag keeps a cursor of one namespace from meaning anything in another. */
import { createHash, randomBytes } from "node:crypto";

export interface Cursor {
  epoch: string;
  seq: number;
  tag: string;
}

export function newEpoch(): string {
  return randomBytes(4).toString("hex");
}

export function namespaceTag(epoch: string, namespace: string): string {
  return createHash("sha256").update(`${epoch}|${namespace}`).digest("hex").slice(0, 8);
}

export function parseCursor(text: string | null | undefined): Cursor | null {
  const match = /^([0-9a-z]{1,32}):(\d{1,15}):([0-9a-f]{8})$/.exec(text ?? "");
  return match ? { epoch: match[1] as string, seq: Number(match[2]), tag: match[3] as string } : null;
}
