/** Namespace `/terminal`: a browser's terminals. It authenticates as the contract says and answers each request with a stated refusal. */
import { AppError, errorFacts } from "@hapi/protocol";
import type { Tokens } from "../auth/tokens.ts";
import type { SocketNamespace } from "./client-socket.ts";

export function terminalNamespace(tokens: Tokens): SocketNamespace<{ namespace: string }> {
  return {
    async authenticate(auth) {
      if (typeof auth["token"] !== "string" || auth["token"] === "") throw new AppError("missing_token", "Missing token");
      const claims = await tokens.verify(auth["token"]);
      if (!claims) throw new AppError("invalid_token");
      return { namespace: claims.namespace };
    },
    connected(socket) {
      const message = `Terminals: ${errorFacts("not_supported").text}`;
      socket.onOther((event, payload) => {
        if (!event.startsWith("terminal:") && !event.startsWith("agent-terminal:")) return;
        const terminalId = typeof payload === "object" && payload !== null && "terminalId" in payload ? payload.terminalId : "agent";
        socket.emit("terminal:error", { terminalId, message, code: "not_supported" });
      });
    },
  };
}
