/** Times are ms as measured on Claude Code 2.1.329: what its transcript, status file and hooks say, in the order in which they reach us. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { CONFIRM_MS } from "./announced-words.ts";
import { ENTERED_MS } from "./entered-lines.ts";
import { createLocalTurn, type LocalSign, QUEUE_LATE_MS, RECORD_LATE_MS, STATUS_LATE_MS } from "./local-turn.ts";

type Step = [heardAt: number, sign: LocalSign];

function after(steps: readonly Step[], begin?: Parameters<typeof createLocalTurn>[0]) {
  const turn = createLocalTurn(begin);
  for (const [at, sign] of steps) turn.sign(sign, at);
  return turn;
}

const status = (said: string | undefined, since: number): LocalSign => ({ type: "status", status: said, since });
const started = (at: number): LocalSign => ({ type: "turn", running: true, at });
const over = (at: number): LocalSign => ({ type: "turn", running: false, at });
const line = (at: number, final = false, promptId?: string): LocalSign => ({ type: "line", at, final, promptId });
const queue = (texts: string[], at: number, taken = false): LocalSign => ({ type: "queue", queue: texts, taken, at });
const because = (steps: readonly Step[], now: number) => after(steps).verdict(now).because;

const turnOf: Step[] = [
  [100, status("busy", 90)],
  [200, started(80)],
  [210, line(180, true)],
];

test("the Stop hook overtakes the transcript: the turn runs until Claude says that it is idle", () => {
  const steps: Step[] = [...turnOf, [205, { type: "stop-hook" }]];
  expect(because(steps, 4_000)).toBe("turn");
  const done: Step[] = [...steps, [4_300, over(4_200)]];
  expect(because(done, 4_310)).toBe("turn");
  expect(because([...done, [4_400, status("idle", 4_290)]], 4_400)).toBeNull();
});

test("free by Claude's own word before the record has said so; the end stands in the record, not before its last word", () => {
  const steps: Step[] = [
    [100, status("busy", 90)],
    [200, started(80)],
    [300, line(120)],
    [5_000, status("idle", 4_900)],
  ];
  const late = after(steps);
  expect(late.verdict(5_000)).toEqual({ working: false, because: null, recordOver: false, told: expect.any(Boolean) });
  expect(late.verdict(5_000 + RECORD_LATE_MS - 1).recordOver).toBe(false);
  late.sign(line(4_800, true), 9_000);
  late.sign(over(4_850), 9_001);
  expect(late.verdict(30_000)).toEqual({ working: false, because: null, recordOver: false, told: expect.any(Boolean) });
  expect(after(steps).verdict(5_000 + RECORD_LATE_MS).recordOver).toBe(true);
});

test("a turn that only silence ends was not told to be over; an answer as its last word, and the Stop hook, say so", () => {
  const steps: Step[] = [
    [100, status("busy", 90)],
    [200, started(80)],
    [300, line(120)],
    [5_000, status("idle", 4_900)],
  ];
  const late = 5_000 + RECORD_LATE_MS;
  expect(after(steps).verdict(late)).toMatchObject({ recordOver: true, told: false });
  expect(after([...steps, [5_100, line(4_800, true)]]).verdict(late + 100)).toMatchObject({ recordOver: true, told: true });
  expect(after([...steps, [5_100, { type: "stop-hook" }]]).verdict(late)).toMatchObject({ recordOver: true, told: true });
  // Of a turn before it.
  expect(after([[50, { type: "stop-hook" }], ...steps]).verdict(late)).toMatchObject({ recordOver: true, told: false });
});

test("an idle status from before the prompt does not end its turn", () => {
  expect(
    because(
      [
        [50, status("idle", 10)],
        [200, started(80)],
        [210, line(180)],
      ],
      60_000,
    ),
  ).toBe("turn");
});

test("a Stop hook that sends Claude on: working without a break", () => {
  const steps: Step[] = [...turnOf, [205, { type: "stop-hook" }], [3_400, line(3_380)], [3_428, line(3_420, true)]];
  for (const now of [300, 2_000, 3_500, 10_000]) expect(because(steps, now)).toBe("turn");
});

test("a dialog is work; a background shell is none", () => {
  expect(because([...turnOf, [300, status("waiting", 290)]], 60_000)).toBe("dialog");
  expect(because([...turnOf, [300, over(280)], [310, status("shell", 290)]], 310)).toBeNull();
});

test("a prompt hook: until its turn shows, or Claude says idle (refused by a hook), or nothing comes of it", () => {
  const hook: Step = [100, { type: "prompt-hook", promptId: "p" }];
  expect(because([[10, status("idle", 5)], hook], 200)).toBe("prompt");
  expect(because([[10, status("idle", 5)], hook, [200, status("idle", 150)]], 210)).toBeNull();
  expect(because([[10, status("idle", 5)], hook], 10_000)).toBeNull();
});

test("a prompt hook that comes after its turn is over keeps nobody waiting", () => {
  const done: Step[] = [...turnOf, [215, line(180, true, "p")], [300, over(280)], [310, status("idle", 290)]];
  expect(because([...done, [900, { type: "prompt-hook", promptId: "p" }]], 901)).toBeNull();
});

test("lines in the terminal's own queue are waited for, also between the turns", () => {
  const steps: Step[] = [...turnOf, [250, queue(["one", "two"], 240)], [5_720, status("idle", 5_711)]];
  expect(because(steps, 5_725)).toBe("queue");
  // Taken out of the queue, and their turn not in the record yet.
  const taken: Step[] = [...steps, [5_730, queue(["two"], 5_714, true)], [5_730, queue([], 5_714, true)], [5_731, over(5_680)]];
  expect(because(taken, 5_735)).toBe("prompt");
  expect(because([...taken, [5_750, status("busy", 5_743)], [5_800, started(5_754)]], 5_810)).toBe("turn");
  expect(because(steps, 5_720 + QUEUE_LATE_MS)).toBeNull();
});

test("a line that was entered is waited for until there is a sign of it", () => {
  const entered = (text: string | null): Step => [1_000, { type: "entered", at: 1_000, text }];
  const idle: Step = [10, status("idle", 5)];
  expect(because([idle, entered("say: hi")], 3_000)).toBe("entered");
  expect(after([idle, entered("say: hi")]).verdict(1_000 + ENTERED_MS).working).toBe(false);
  expect(after([idle, entered("say: hi")]).unproven()).toEqual([{ at: 1_000, text: "say: hi" }]);
  for (const sign of [{ type: "prompt-hook", promptId: "p", text: "say: hi" }, { type: "session" }] as const)
    expect(after([idle, entered("say: hi"), [1_500, sign]]).unproven()).toEqual([]);
  // Signs of the line before it prove nothing.
  for (const sign of [status("busy", 900), { type: "prompt-hook", text: "another" }, line(900), started(800)] as const)
    expect(after([idle, entered("say: hi"), [1_500, sign]]).unproven()).toHaveLength(1);
  expect(after([idle, entered(null), [1_500, status("busy", 1_200)]]).verdict(1_501).because).toBe("turn");
});

test("each of several lines that were entered is known until there is a sign of it, or of one behind it", () => {
  const [one, two, three] = ["one", "two", "three"].map((text, n): Step => [1_000 + n, { type: "entered", at: 1_000 + n, text }]) as [
    Step,
    Step,
    Step,
  ];
  const idle: Step = [10, status("idle", 5)];
  const texts = (...steps: Step[]) =>
    after([idle, ...steps])
      .unproven()
      .map(({ text }) => text);
  expect(texts(one, two, three)).toEqual(["one", "two", "three"]);
  expect(texts(one, two, three, [1_500, { type: "prompt-hook", text: "one" }])).toEqual(["two", "three"]);
  expect(texts(one, two, three, [1_500, { type: "prompt-hook", text: "two" }])).toEqual(["three"]);
  expect(after([idle, one, two, [1_500, { type: "prompt-hook", text: "one" }]]).proven).toBe(0);
  expect(after([idle, one, two, [1_500, { type: "prompt-hook", text: "two" }]]).proven).toBe(1);
});

test("without a status file the Stop hook and a silent transcript tell", () => {
  const steps: Step[] = [
    [200, started(80)],
    [210, line(180, true)],
  ];
  expect(because(steps, 100_000)).toBe("turn");
  const stopped: Step[] = [...steps, [300, { type: "stop-hook" }]];
  expect(because(stopped, 400)).toBe("turn");
  expect(after(stopped).verdict(5_000)).toMatchObject({ working: false, recordOver: true });
});

test("taken over by another session process: what was open and queued is known from the record", () => {
  expect(createLocalTurn({ turnAt: 50, queue: [] }).verdict(100).because).toBe("turn");
  expect(createLocalTurn({ queue: ["one"] }).verdict(100).because).toBe("queue");
});

const anySign: fc.Arbitrary<LocalSign> = fc.oneof(
  fc.record({ type: fc.constant("turn" as const), running: fc.boolean(), at: fc.nat(10_000) }),
  fc.record({ type: fc.constant("line" as const), at: fc.nat(10_000), final: fc.boolean() }),
  fc.record({
    type: fc.constant("queue" as const),
    queue: fc.array(fc.string(), { maxLength: 3 }),
    taken: fc.boolean(),
    at: fc.nat(10_000),
  }),
  fc.record({ type: fc.constant("status" as const), status: fc.constantFrom("busy", "idle", "waiting"), since: fc.nat(10_000) }),
  fc.record({ type: fc.constant("prompt-hook" as const), promptId: fc.constantFrom("a", "b") }),
  fc.record({ type: fc.constant("stop-hook" as const) }),
  fc.record({ type: fc.constant("entered" as const), at: fc.nat(10_000), text: fc.constantFrom(null, "x") }),
);

test("whatever came in whatever order: once Claude says idle and is silent, nothing waits for it any more", () => {
  fc.assert(
    fc.property(fc.array(anySign, { maxLength: 30 }), (signs) => {
      const turn = createLocalTurn();
      signs.forEach((sign, at) => turn.sign(sign, at * 300));
      turn.sign({ type: "status", status: "idle", since: 10_001 }, 10_001);
      const { working, recordOver } = turn.verdict(10_001 + STATUS_LATE_MS);
      expect(working).toBe(false);
      if (recordOver) turn.sign({ type: "turn", running: false, at: 20_001 }, 20_001);
      expect(turn.verdict(40_000)).toEqual({ working: false, because: null, recordOver: false, told: expect.any(Boolean) });
    }),
  );
});

test("a hook that announces a line behind a running turn comes before the queue is written: until then it is not known where the line is", () => {
  const announced: Step = [300, { type: "prompt-hook", promptId: "one", text: "say: queued" }];
  const written: Step = [400, queue(["say: queued"], 290)];
  const hookFirst = after([...turnOf, [280, { type: "entered", at: 280, text: "say: queued" }], announced]);
  expect([hookFirst.unproven(), hookFirst.isUnwritten(310)]).toEqual([[], true]);
  hookFirst.sign(written[1], written[0]);
  expect(hookFirst.isUnwritten(410)).toBe(false);
  const recordFirst = after([...turnOf, [290, written[1]], announced]);
  expect(recordFirst.isUnwritten(310)).toBe(false);
  // One that came to nothing (a hook of the person's own refused it) is not waited for.
  expect(after([...turnOf, announced]).isUnwritten(300 + CONFIRM_MS)).toBe(false);
});

test("a conversation that is taken up in the middle of a turn, whose record was read before it was known to be another one, ends that turn", () => {
  const steps: Step[] = [
    [100, status("busy", 90)],
    [200, started(80)],
    [300, line(280, true)],
    [301, { type: "session", turnAt: 80, queue: [] }],
    [400, status("idle", 390)],
  ];
  expect(after(steps).verdict(30_000)).toMatchObject({ working: false, recordOver: true, told: true });
  // As it was: nobody knew of the turn any more, and it stayed open for ever.
  const forgotten: Step[] = steps.map(([at, sign]) => [at, sign.type === "session" ? { type: "session" } : sign]);
  expect(after(forgotten).verdict(30_000).recordOver).toBe(false);
});
