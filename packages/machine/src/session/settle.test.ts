/** What is said of a start whose host was killed. */
import { expect, test } from "bun:test";
import type { SessionFile } from "./session-file.ts";
import { lostStart } from "./settle.ts";

const sessionFile = { threadId: "t" } as SessionFile;

test("a start that had not come through failed with its host; one that had is no failed start", () => {
  expect(lostStart({ lifecycle: "initializing", front: "remote" }, sessionFile, 7)).toMatchObject({
    at: 7,
    front: "remote",
    asked: "t",
    how: "resume",
    used: null,
    failure: { code: "host_gone" },
  });
  expect(lostStart({ lifecycle: "initializing", front: "local" }, { ...sessionFile, threadId: undefined }, 7)?.how).toBe("new");
  for (const lifecycle of ["running", "paused", "completed", "aborted"] as const)
    expect(lostStart({ lifecycle, front: "remote" }, sessionFile, 7)).toBeNull();
});
