import { expect, test } from "bun:test";
import { AppError } from "@hapi/protocol/errors";
import { InputQueue } from "./input-queue.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function recorder() {
  const written: string[] = [];
  const gates: (() => void)[] = [];
  const queue = new InputQueue(async (part) => {
    await new Promise<void>((resolve) => gates.push(resolve));
    written.push(new TextDecoder().decode(part));
  });
  const open = async () => {
    while (gates.length === 0) await Promise.resolve();
    gates.shift()?.();
  };
  return { queue, written, open };
}

test("a repeated id is written once, and its repeat resolves when the first does", async () => {
  const { queue, written, open } = recorder();
  const first = queue.write(bytes("a"), 1);
  const repeat = queue.write(bytes("a"), 1);
  expect(queue.lastId).toBe(-1);
  await open();
  await Promise.all([first, repeat]);
  await queue.write(bytes("a"), 1);
  expect([written, queue.lastId]).toEqual([["a"], 1]);
});

test("order is kept and an end comes after what was written", async () => {
  const { queue, written, open } = recorder();
  const all = [queue.write(bytes("a"), 1), queue.write(bytes("b")), queue.close(async () => void written.push("end"))];
  await open();
  await open();
  await Promise.all(all);
  expect(written).toEqual(["a", "b", "end"]);
});

test("after the program's end writing fails, but what was written stays known", async () => {
  const { queue, open } = recorder();
  const first = queue.write(bytes("a"), 1);
  await open();
  await first;
  queue.fail(new AppError("agent_exited"));
  await queue.write(bytes("a"), 1);
  expect(queue.write(bytes("b"), 2)).rejects.toMatchObject({ code: "agent_exited" });
});

test("more than the limit is refused", async () => {
  const { queue } = recorder();
  void queue.write(new Uint8Array(60 << 20));
  expect(queue.write(new Uint8Array(10 << 20))).rejects.toMatchObject({ code: "not_ready" });
});
