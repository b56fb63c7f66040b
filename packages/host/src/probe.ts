/** Questions to a host from outside its session: does it live, what does it run; and the order to end. */
import type { Clock } from "@hapi/platform/lean";
import { toAppError } from "@hapi/protocol/errors";
import { encodeJson, frameType } from "./frames.ts";
import { readHostAddress } from "./host-files.ts";
import { openLink } from "./link.ts";
import type { HostFacts } from "./messages.ts";

/** Facts of the living host of this session's folder, or null. Alive means: it answers its handshake. */
export async function probeHost(dir: string, options: { clock?: Clock } = {}): Promise<HostFacts | null> {
  const address = readHostAddress(dir);
  if (!address) return null;
  try {
    const link = await openLink({ address, role: "probe", ...options }, { frame: () => undefined, closed: () => undefined });
    link.connection.end();
    return link.facts;
  } catch (cause) {
    // A host that is stuck, or of another version, is a living host that we can't use: its start must not be repeated.
    if (toAppError(cause).code === "host_gone") return null;
    throw cause;
  }
}

/** Ends the session from outside: session process, agents, viewers, host. Resolves when the host is gone; false when none lived. */
export async function shutdownHost(dir: string, options: { message?: string } = {}): Promise<boolean> {
  const address = readHostAddress(dir);
  if (!address) return false;
  const gone = Promise.withResolvers<void>();
  try {
    const link = await openLink({ address, role: "probe" }, { frame: () => undefined, closed: () => gone.resolve() });
    link.connection.write(encodeJson(frameType.request, { id: 1, op: "shutdown", message: options.message }));
  } catch (cause) {
    if (toAppError(cause).code === "host_gone") return false;
    throw cause;
  }
  await gone.promise;
  return true;
}
