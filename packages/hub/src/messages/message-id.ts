/** UUIDs that grow with time (version 7): neighbours in time are neighbours in the index. */
import { randomUUID } from "node:crypto";

export function messageId(now: number): string {
  const time = now.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${randomUUID().slice(15)}`;
}
