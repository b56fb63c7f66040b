import { expect, test } from "bun:test";
import type { HostProcess } from "@hapi/host";
import { adoptionOf } from "./adopt.ts";
import type { LaunchMark } from "./state.ts";

const process = (kind: "pipe" | "pty") => ({ kind }) as HostProcess;
const last = (front: "remote" | "local", over?: boolean): LaunchMark => ({ id: "l", front, count: 1, ...(over ? { over } : {}) });

test("what lives is taken over in the front it was started in", () => {
  const [pipe, pty] = [process("pipe"), process("pty")];
  expect(adoptionOf(last("remote"), pipe, false)).toEqual({ do: "take over", front: "remote", process: pipe });
  expect(adoptionOf(last("local"), pty, false)).toEqual({ do: "take over", front: "local", process: pty });
});

test("what ended while nobody looked is ended in the session: a driven one is read to its end first", () => {
  const pipe = process("pipe");
  expect(adoptionOf(last("remote"), pipe, true)).toEqual({ do: "finish", launchId: "l", process: pipe });
  expect(adoptionOf(last("local"), process("pty"), true)).toEqual({ do: "finish", launchId: "l", process: null });
  expect(adoptionOf(last("remote"), undefined, false)).toEqual({ do: "finish", launchId: "l", process: null });
});

test("an end that was told is told no second time, whatever the host still has of it", () => {
  for (const isGone of [false, true])
    for (const has of [undefined, process("pipe"), process("pty")])
      expect(adoptionOf(last("remote", true), has, isGone)).toEqual({ do: "nothing" });
  expect(adoptionOf(undefined, undefined, false)).toEqual({ do: "nothing" });
});
