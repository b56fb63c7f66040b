import { expect, test } from "bun:test";
import { offeredCommands } from "./offered-commands.ts";

test("what an agent's own programs call is not offered to people", () => {
  expect(offeredCommands(["/review", "__remote-workflow", "/__internal", "mcp__shop__refund", "/"])).toEqual([
    "review",
    "mcp__shop__refund",
  ]);
});
