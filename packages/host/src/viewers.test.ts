import { expect, test } from "bun:test";
import type { Connection } from "@hapi/platform/lean";
import { createManualClock } from "@hapi/testkit";
import type { AgentProcess } from "./agent-process.ts";
import { decodeJson, FrameReader, frameType } from "./frames.ts";
import { ModeTracker } from "./modes.ts";
import { ByteRing } from "./ring.ts";
import type { TypedLine } from "./port.ts";
import { Host } from "./host.ts";
import type { HostEventMessage } from "./messages.ts";
import { Viewers } from "./viewers.ts";

/** A connection whose socket takes bytes only when told to. */
function fakeConnection() {
  const reader = new FrameReader();
  let screen = "";
  let frames = 0;
  const events: unknown[] = [];
  const connection = {
    backlog: 0,
    isStuck: false,
    closed: false,
    write(bytes: Uint8Array) {
      if (connection.isStuck) connection.backlog += bytes.length;
      reader.push(bytes, (frame) => {
        frames++;
        if (frame.type === frameType.screen) screen += Buffer.from(frame.payload).toString("latin1");
        else events.push(decodeJson(frame.payload));
      });
    },
    pause: () => undefined,
    resume: () => undefined,
    end: () => undefined,
    destroy: () => undefined,
  };
  return {
    connection: connection as Connection & typeof connection,
    take: () => {
      const taken = { screen, frames };
      screen = "";
      frames = 0;
      return taken;
    },
    events,
  };
}

/** A program on a terminal without a program: output is what the test says, sizes and keys are noted. */
function fakeProgram(ringBytes = 4 << 20) {
  const ring = new ByteRing("forget", ringBytes);
  const modes = new ModeTracker();
  const sizes: string[] = [];
  const keys: string[] = [];
  const program = {
    spec: { launchId: "p", kind: "pty" },
    out: { ring, ended: false },
    modes,
    exit: null,
    wasResized: false,
    size: { cols: 80, rows: 24 },
    input: { write: async (bytes: Uint8Array) => void keys.push(Buffer.from(bytes).toString("latin1")) },
    resize(cols: number, rows: number) {
      if (program.size.cols === cols && program.size.rows === rows) return false;
      program.size = { cols, rows };
      sizes.push(`${cols}x${rows}`);
      return true;
    },
  };
  const process = program as unknown as AgentProcess;
  const print = (text: string, viewers: Viewers) => {
    const bytes = Buffer.from(text, "latin1");
    modes.feed(bytes);
    ring.append(bytes);
    viewers.output(process);
  };
  return { process, print, sizes, keys };
}

function setUp(ringBytes?: number) {
  const clock = createManualClock();
  const typed: number[] = [];
  const viewers = new Viewers(clock, { keys: () => undefined, typed: (at) => void typed.push(at), changed: () => undefined });
  const program = fakeProgram(ringBytes);
  viewers.show(program.process);
  return { clock, viewers, program, typed };
}

const size = { cols: 80, rows: 24 };

test("the first output goes at once, what follows within a moment goes together", async () => {
  const { clock, viewers, program } = setUp();
  const one = fakeConnection();
  viewers.add(1, one.connection, size);
  program.print("a", viewers);
  expect(one.take()).toEqual({ screen: "a", frames: 1 });
  program.print("b", viewers);
  program.print("c", viewers);
  expect(one.take()).toEqual({ screen: "", frames: 0 });
  await clock.advance(8);
  expect(one.take()).toEqual({ screen: "bc", frames: 1 });
});

test("an echo does not wait for company", () => {
  const { viewers, program } = setUp();
  const one = fakeConnection();
  const viewer = viewers.add(1, one.connection, size);
  for (const key of ["a", "b", "c"]) {
    viewers.keys(viewer, Buffer.from(key));
    program.print(key, viewers);
    expect(one.take().screen).toBe(key);
  }
  expect(program.keys).toEqual(["a", "b", "c"]);
});

test("a viewer that does not keep up is moved to the present with its modes, and the program draws again", async () => {
  const { clock, viewers, program } = setUp();
  const one = fakeConnection();
  const viewer = viewers.add(1, one.connection, size);
  program.print("\x1b[?1049h\x1b[?1003hstart", viewers);
  await clock.advance(8);
  one.take();
  one.connection.isStuck = true;
  for (let n = 0; n < 400; n++) {
    program.print(`${"x".repeat(9_999)}\n`, viewers);
    await clock.advance(8);
  }
  expect(one.connection.backlog).toBeLessThan(600_000);
  one.take();
  one.connection.isStuck = false;
  one.connection.backlog = 0;
  viewers.drained(viewer);
  const { screen } = one.take();
  expect(screen).toStartWith("\x18\x1b\\\x1b[0m\x1b[?1003l\x1b[?1049l\x1b[?1049h\x1b[?1003h");
  expect(screen.length).toBeLessThan(200_000);
  expect(program.sizes).toEqual(["80x23"]);
  await clock.advance(40);
  expect(program.sizes).toEqual(["80x23", "80x24"]);
});

test("the size is that of the viewer who typed, resized or came last; it goes back when that one leaves", () => {
  const { viewers, program } = setUp();
  const [a, b] = [fakeConnection(), fakeConnection()];
  const one = viewers.add(1, a.connection, { cols: 100, rows: 30 });
  const two = viewers.add(2, b.connection, { cols: 90, rows: 20 });
  viewers.keys(one, Buffer.from("\x1b[I"));
  viewers.keys(one, Buffer.from("a"));
  viewers.resize(two, 70, 15);
  viewers.remove(two);
  expect(program.sizes).toEqual(["100x30", "90x20", "100x30", "70x15", "100x30"]);
  expect(viewers.infos).toEqual([{ id: "1", cols: 100, rows: 30 }]);
});

test("answers come from the active terminal only, and are no typing", () => {
  const { viewers, program, typed } = setUp();
  const [a, b] = [fakeConnection(), fakeConnection()];
  const one = viewers.add(1, a.connection, size);
  const two = viewers.add(2, b.connection, size);
  for (const viewer of [one, two]) viewers.keys(viewer, Buffer.from("\x1b[?62c"));
  expect([program.keys, typed]).toEqual([["\x1b[?62c"], []]);
});

test("the last keystroke is told at once and then at a measured pace", async () => {
  const { clock, viewers, typed } = setUp();
  const one = fakeConnection();
  const viewer = viewers.add(1, one.connection, size);
  const start = clock.now();
  for (let n = 0; n < 10; n++) {
    viewers.keys(viewer, Buffer.from("k"));
    await clock.advance(30);
  }
  await clock.advance(200);
  expect(typed[0]).toBe(start);
  expect(typed.length).toBeLessThan(8);
  expect((typed.at(-1) ?? 0) - start).toBe(270);
});

test("every line that was entered is told, also of several in one piece or one moment", () => {
  const clock = createManualClock();
  const told: TypedLine["entered"][] = [];
  const events = { keys: () => undefined, changed: () => undefined };
  const viewers = new Viewers(clock, { ...events, typed: (_at, { entered }) => void told.push(entered) });
  viewers.show(fakeProgram().process);
  const viewer = viewers.add(1, fakeConnection().connection, size);
  for (const keys of ["one\rtwo\r", "three\r"]) viewers.keys(viewer, Buffer.from(keys));
  expect(told.map((one) => one?.text)).toEqual(["one", "two", "three"]);
  expect(new Set(told.map((one) => one?.at)).size).toBe(3);
});

test("a late viewer gets everything while it is there, and the modes with a tail when it is not", async () => {
  const { clock, viewers, program } = setUp(200_000);
  program.print("\x1b[?2004h\x1b[31mhello\x1b[c", viewers);
  const early = fakeConnection();
  viewers.add(1, early.connection, size);
  expect(early.take().screen).toBe("\x1b[?2004h\x1b[31mhello");
  program.print(`${"y".repeat(99)}\n`.repeat(4_000), viewers);
  const late = fakeConnection();
  viewers.add(2, late.connection, size);
  const { screen } = late.take();
  expect(screen).toStartWith("\x1b[?2004hyyy");
  expect(screen.length % 100).toBe(8);
  await clock.advance(40);
  expect(program.sizes).toEqual(["80x23", "80x24"]);
});

test("drawings replace the program, are kept for late viewers, and are forgotten on demand", () => {
  const { viewers, program } = setUp();
  const one = fakeConnection();
  viewers.add(1, one.connection, size);
  program.print("\x1b[?1003hdirty", viewers);
  one.take();
  viewers.show(null);
  expect(one.take().screen).toBe("\x1b[0m\x1b[?1003l");
  viewers.draw("first", false);
  viewers.draw("second", true);
  const late = fakeConnection();
  viewers.add(2, late.connection, size);
  expect([one.take().screen, late.take().screen]).toEqual(["firstsecond", "second"]);
});

test("what is typed while no session process listens is told to the next one: each line that was entered, and what stands in the line", () => {
  const clock = createManualClock();
  const host = new Host({
    sessionId: "s",
    startTime: null,
    cwd: "/",
    sessionArgv: ["true"],
    sessionEnv: {},
    logFile: "/dev/null",
    clock,
    onEnd: () => undefined,
  });
  const listen = () => {
    const heard: TypedLine[] = [];
    const event = (message: HostEventMessage) => void (message.event === "typed" && message.typed && heard.push(message.typed));
    host.takeControl({ event, viewerKeys: () => undefined, output: () => undefined, replaced: () => undefined });
    return heard;
  };
  const told = (heard: readonly TypedLine[]) => heard.map(({ line, entered }) => [entered?.text, line]);
  host.viewers.show(fakeProgram().process);
  const viewer = host.viewers.add(1, fakeConnection().connection, size);
  for (const keys of ["one\r", "two\r", "thr"]) host.viewers.keys(viewer, Buffer.from(keys));
  const first = listen();
  expect(told(first)).toEqual([
    ["one", ""],
    ["two", ""],
    ["two", "thr"],
  ]);
  host.viewers.keys(viewer, Buffer.from("ee\rhalf a line"));
  expect(told(first).at(-1)?.[0]).toBe("three");
  // Its successor has not heard of the line; of what was entered its predecessor had.
  expect(told(listen())).toEqual([[undefined, "half a line"]]);
});
