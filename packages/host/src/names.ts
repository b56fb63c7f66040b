/** What a host and whoever starts it agree on. On its own: both must start in milliseconds. */
import { sha256Hex } from "@hapi/platform/lean";

/** Written to the host's stdout once its door is open; then stdout is closed. */
export const readyLine = "hapi-host-ready\n";

export function hostSocketName(sessionId: string): string {
  return `host-${sha256Hex(sessionId).slice(0, 16)}`;
}
