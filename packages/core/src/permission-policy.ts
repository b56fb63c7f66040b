/**
 * What a permission mode allows, for agents that have no modes of their own. Fail closed: a mode or kind we don't know asks, and only
 * exact kinds are allowed without asking. Questions and plans always reach the person: they are not about permission.
 */
import type { ToolKind } from "@hapi/protocol";

export type PolicyDecision = "allow" | "ask" | "deny";

/** Nothing outside the conversation changes. */
const harmless: ReadonlySet<ToolKind> = new Set(["read", "search", "think", "todo"]);
const edits: ReadonlySet<ToolKind> = new Set(["edit"]);
const forPeople: ReadonlySet<ToolKind> = new Set(["question", "plan"]);
/** Refused where the agent may only look. `agent` asks: what a sub-agent does comes back here. */
const changing: ReadonlySet<ToolKind> = new Set(["edit", "delete", "move", "execute"]);

export function policyDecision(mode: string | null | undefined, kind: ToolKind): PolicyDecision {
  if (forPeople.has(kind)) return "ask";
  switch (mode) {
    case "yolo":
    case "bypassPermissions":
    case "always-proceed":
      return "allow";
    case "safe-yolo":
      // Everything that can be undone or only looks; running and deleting still ask.
      return harmless.has(kind) || edits.has(kind) || kind === "fetch" ? "allow" : "ask";
    case "acceptEdits":
      return harmless.has(kind) || edits.has(kind) ? "allow" : "ask";
    case "read-only":
    case "plan":
      return harmless.has(kind) ? "allow" : changing.has(kind) ? "deny" : "ask";
    default:
      // `default` and every mode we don't know: the agent asked, so a person answers. Only its own notes pass.
      return kind === "think" || kind === "todo" ? "allow" : "ask";
  }
}
