/** A session's line and its prompts, for tests of what goes out on it and when. */
import type { Message } from "@hapi/protocol";
import { linkTraits } from "../peer/traits.ts";
import type { Link } from "../rpc/links.ts";

export const prompt = (localId: string): Message => ({
  id: `m-${localId}`,
  seq: 1,
  localId,
  content: { role: "user" },
  createdAt: 1,
  invokedAt: null,
});

export function scriptedLink(heard: (localId: string) => void): Link {
  return {
    id: "l",
    namespace: "n",
    scope: "session",
    scopeId: "s",
    spokenId: "s",
    traits: linkTraits([]),
    emit: (_event, payload) => heard((payload as { body: { message: Message } }).body.message.localId ?? ""),
    request: () => Promise.resolve(null),
  };
}
