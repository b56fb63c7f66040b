import { describe, expect, test } from "bun:test";
import { TOOL_KINDS } from "@hapi/protocol";
import { policyDecision } from "./permission-policy.ts";

describe("permission policy", () => {
  test("questions and plans reach the person in every mode", () => {
    for (const mode of ["default", "yolo", "read-only", "nonsense", null]) {
      expect(policyDecision(mode, "question")).toBe("ask");
      expect(policyDecision(mode, "plan")).toBe("ask");
    }
  });

  test("an unknown mode allows nothing that acts, an unknown kind is never allowed short of yolo", () => {
    for (const kind of TOOL_KINDS) expect(["ask", "allow"]).toContain(policyDecision("nonsense", kind));
    for (const kind of ["execute", "edit", "delete", "move", "fetch", "agent", "other", "read"] as const) {
      expect(policyDecision("nonsense", kind)).toBe("ask");
      expect(policyDecision(undefined, kind)).toBe("ask");
    }
    for (const mode of ["default", "safe-yolo", "acceptEdits", "read-only", "plan"]) expect(policyDecision(mode, "other")).toBe("ask");
  });

  test("each mode's exact table", () => {
    expect(policyDecision("yolo", "execute")).toBe("allow");
    expect(policyDecision("safe-yolo", "edit")).toBe("allow");
    expect(policyDecision("safe-yolo", "execute")).toBe("ask");
    expect(policyDecision("safe-yolo", "delete")).toBe("ask");
    expect(policyDecision("acceptEdits", "edit")).toBe("allow");
    expect(policyDecision("acceptEdits", "fetch")).toBe("ask");
    expect(policyDecision("read-only", "read")).toBe("allow");
    expect(policyDecision("read-only", "edit")).toBe("deny");
    expect(policyDecision("read-only", "execute")).toBe("deny");
    expect(policyDecision("default", "read")).toBe("ask");
    expect(policyDecision("default", "todo")).toBe("allow");
  });
});
