/** Namespace `/terminal`: a browser's terminals. It authenticates as the contract says and answers each request with a stated refusal. */
import { AppError, errorFacts } from "@hapi/protocol";
import type { Scope } from "@hapi/protocol/scopes";
import { type Actor, allow } from "../auth/actor.ts";
import type { Caller } from "../auth/caller.ts";
import type { Credentials } from "../auth/credentials.ts";
import type { Lock } from "../auth/lock.ts";
import type { Tokens } from "../auth/tokens.ts";
import type { SocketNamespace } from "./client-socket.ts";

/** Looking on asks for one, whatever is said for the other. */
export const terminalScopes = { connect: "terminal:read", event: "terminal:write" } as const satisfies Record<string, Scope>;

interface TerminalDeps {
  tokens: Tokens;
  credentials: Credentials;
  lock: Pick<Lock, "checkCaller" | "whileOpen">;
}

export function terminalNamespace({ tokens, credentials, lock }: TerminalDeps): SocketNamespace<{ actor: Actor; caller: Caller }> {
  return {
    async authenticate(auth, caller) {
      if (typeof auth["token"] !== "string" || auth["token"] === "") throw new AppError("missing_token", "Missing token");
      const claims = await tokens.verify(auth["token"]);
      lock.checkCaller(caller);
      if (!claims) throw new AppError("invalid_token");
      const actor = credentials.actorOf(claims.credentialId, claims.namespace);
      allow(actor, terminalScopes.connect);
      return { actor, caller };
    },
    connected(socket, { actor, caller }) {
      socket.onClose(lock.whileOpen(caller, () => socket.close()));
      socket.onClose(credentials.whileGood(actor, () => socket.close()));
      const code = actor.scopes.has(terminalScopes.event) ? "not_supported" : "scope_missing";
      const message = `Terminals: ${errorFacts(code).text}`;
      socket.onOther((event, payload) => {
        if (!event.startsWith("terminal:") && !event.startsWith("agent-terminal:")) return;
        const terminalId = typeof payload === "object" && payload !== null && "terminalId" in payload ? payload.terminalId : "agent";
        socket.emit("terminal:error", { terminalId, message, code });
      });
    },
  };
}
