import { expect, test } from "bun:test";
import { createManualClock } from "@hapi/testkit";
import { createVersionedValue } from "./versioned.ts";

interface Value {
  mine: string;
  theirs?: string;
}

function world() {
  const hub = { version: 1, value: { mine: "", theirs: "x" } as Value, sends: 0, fails: 0, gate: Promise.resolve() };
  const me = { mine: "a", connected: true };
  const clock = createManualClock();
  const value = createVersionedValue<Value, "metadata">({
    field: "metadata",
    wanted: (current) => ({ ...current, mine: me.mine }),
    connected: () => me.connected,
    clock,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined },
    async send(expected, wanted) {
      hub.sends++;
      await hub.gate;
      if (hub.fails > 0) {
        hub.fails--;
        throw new Error("broken");
      }
      if (expected !== hub.version) return { result: "version-mismatch", version: hub.version, metadata: hub.value };
      hub.version++;
      // As a hub that writes fields of its own into the value.
      hub.value = { ...wanted, theirs: `${wanted.theirs}!` };
      return { result: "success", version: hub.version, metadata: hub.value };
    },
  });
  return { hub, me, clock, value };
}

test("says what is wanted once, over what others wrote, and nothing when nothing changed", async () => {
  const { hub, value } = world();
  value.touch();
  await value.settled();
  expect(hub.sends).toBe(0);
  value.seen(1, hub.value);
  await value.settled();
  expect(hub.value.mine).toBe("a");
  const { sends } = hub;
  value.touch();
  await value.settled();
  value.touch();
  await value.settled();
  // Once more for the field that the hub added; then there is peace.
  expect(hub.sends - sends).toBeLessThanOrEqual(1);
});

test("a change while one is under way is not forgotten", async () => {
  const { hub, me, value } = world();
  const gate = Promise.withResolvers<void>();
  hub.gate = gate.promise;
  value.seen(1, hub.value);
  value.touch();
  await Promise.resolve();
  await Promise.resolve();
  expect(hub.sends).toBe(1);
  me.mine = "b";
  value.touch();
  gate.resolve();
  await value.settled();
  expect(hub.value.mine).toBe("b");
});

test("a stale version is answered with the present one; a failure is tried again; without a connection it waits", async () => {
  const { hub, me, clock, value } = world();
  value.seen(1, hub.value);
  hub.version = 7;
  hub.value = { mine: "?", theirs: "y" };
  value.touch();
  await value.settled();
  expect(hub.value).toMatchObject({ mine: "a" });
  hub.fails = 1;
  me.mine = "c";
  value.touch();
  await value.settled();
  expect(hub.value.mine).toBe("a");
  await clock.advance(1_000);
  await value.settled();
  expect(hub.value.mine).toBe("c");
  me.connected = false;
  me.mine = "d";
  value.touch();
  await value.settled();
  expect(hub.value.mine).toBe("c");
  me.connected = true;
  value.touch();
  await value.settled();
  expect(hub.value.mine).toBe("d");
});

test("a hub that went back to an older copy of itself is told again, and nobody else's change is lost", async () => {
  const { hub, value } = world();
  value.seen(1, hub.value);
  value.touch();
  await value.settled();
  value.touch();
  await value.settled();
  expect(hub.version).toBeGreaterThan(1);
  Object.assign(hub, { version: 1, value: { mine: "old", theirs: "of then" } });
  value.seen(1, hub.value);
  value.touch();
  await value.settled();
  expect(hub.value).toMatchObject({ mine: "a", theirs: expect.stringContaining("of then") });
});

test("an answer that was overtaken costs one question and changes nothing", async () => {
  const { hub, value } = world();
  value.seen(1, hub.value);
  value.touch();
  await value.settled();
  const { version } = hub;
  value.seen(version - 1, { mine: "", theirs: "x" });
  value.touch();
  await value.settled();
  expect(hub.value.mine).toBe("a");
});
