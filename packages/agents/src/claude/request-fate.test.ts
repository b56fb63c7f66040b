import { describe, expect, test } from "bun:test";
import { AGENT_ENDED, ENDED_UNTOLD, type Evidence, fateOf, type Handed, NOT_TOLD, type Verdict, WITHDRAWN } from "./request-fate.ts";

const allow: Handed = { at: 1_000, behavior: "allow" };
const deny: Handed = { at: 1_000, behavior: "deny", reason: "not now" };
const stop: Handed = { at: 1_000, behavior: "deny", reason: "stop it", interrupt: true };
const verdict = (decision: Verdict["decision"], by: Verdict["by"]): Evidence => ({
  result: { status: decision === "accept" ? "completed" : "denied", verdict: { decision, by } },
});
const gone = (since: number, forMs: number, more: Partial<NonNullable<Evidence["gone"]>> = {}): Evidence => ({
  gone: { since, forMs, busy: true, others: false, ...more },
});

/** Told as: `outcome by`, with a `?` where the record may still say something else. */
function told(handed: Handed | undefined, seen: Evidence): string {
  const fate = fateOf(handed, seen);
  if (fate.state !== "over") return fate.state;
  return `${fate.closing.outcome} ${fate.closing.by}${fate.closing.certain === false ? "?" : ""}`;
}

describe("what the record says is what is told, whatever was sent", () => {
  const table: [string, Handed | undefined, Evidence, string][] = [
    ["nobody from here, Yes in the terminal", undefined, verdict("accept", "person"), "approved terminal"],
    ["nobody from here, No in the terminal", undefined, verdict("reject", "person"), "denied terminal"],
    ["Yes in the terminal, then deny from here", deny, verdict("accept", "person"), "approved terminal"],
    ["No in the terminal, then allow from here", allow, verdict("reject", "person"), "denied terminal"],
    ["both said yes, the terminal was first", allow, verdict("accept", "person"), "approved terminal"],
    ["both said no, the terminal was first", deny, verdict("reject", "person"), "denied terminal"],
    ["allow from here", allow, verdict("accept", "hook"), "approved remote"],
    ["deny from here", deny, verdict("reject", "hook"), "denied remote"],
    ["a hook of the person's own allowed", undefined, verdict("accept", "hook"), "approved agent"],
    ["a hook of the person's own denied what was allowed here", allow, verdict("reject", "hook"), "denied agent"],
    ["a rule made by another answer allowed it", undefined, verdict("accept", "rules"), "approved agent"],
    ["Esc in the terminal", undefined, { result: { status: "denied" } }, "denied terminal"],
    ["Esc in the terminal, then allow from here", allow, { result: { status: "denied" } }, "denied terminal"],
    ["Esc in the terminal, then deny with stop", stop, { result: { status: "denied" }, ...gone(900, 50) }, "denied terminal"],
    ["deny with stop from here", stop, { result: { status: "denied" }, ...gone(1_040, 50) }, "denied remote"],
    ["it ran, of an older version that does not say who decided", allow, { result: { status: "completed" } }, "approved remote"],
    ["the same, and it failed", undefined, { result: { status: "failed" } }, "approved terminal"],
    ["the same, after the dialog had gone", allow, { result: { status: "completed" }, ...gone(900, 50) }, "approved terminal"],
    ["the same, denied here", deny, { result: { status: "completed" } }, "approved terminal"],
    ["stopped or killed", undefined, { result: { status: "cancelled" } }, "canceled agent"],
    ["stopped while it ran", undefined, { result: { status: "cancelled", ran: true } }, "approved terminal"],
    ["allowed here, stopped while it ran", allow, { result: { status: "cancelled", ran: true } }, "approved remote"],
    ["allowed here, and killed before anything showed", allow, { result: { status: "cancelled" } }, "canceled agent"],
  ];
  test.each(table)("%s", (_, handed, seen, expected) => {
    expect(told(handed, seen)).toBe(expected);
  });
});

describe("until the record says it", () => {
  const table: [string, Handed | undefined, Evidence, string][] = [
    ["asked", undefined, {}, "open"],
    ["answered here", deny, {}, "sent"],
    ["answered here, the dialog still up", allow, {}, "sent"],
    ["the dialog is just gone", undefined, gone(900, 100), "open"],
    ["the dialog is gone and no denial shows: it runs", undefined, gone(900, 700), "approved terminal?"],
    ["it was gone before we answered, and it runs", deny, gone(900, 700), "approved terminal?"],
    ["it was gone before we allowed, and it runs", allow, gone(900, 700), "approved terminal?"],
    ["it went when we allowed, and it runs", allow, gone(1_040, 700), "approved remote?"],
    ["it went when we denied: our denial is on its way", deny, gone(1_040, 700), "sent"],
    ["and after long no denial shows: the terminal was faster by a hair", deny, gone(1_040, 5_000), "approved terminal?"],
    ["another dialog may be about to show", undefined, gone(900, 700, { others: true }), "open"],
    ["several are open, and none shows for long", undefined, gone(900, 5_000, { others: true }), "approved terminal?"],
    ["idle: the transcript will tell", undefined, gone(900, 700, { busy: false }), "open"],
    ["idle, and it never does", undefined, gone(900, 5_000, { busy: false }), "resolved terminal?"],
    ["idle, it never does, and we had answered", allow, gone(1_040, 5_000, { busy: false }), "resolved agent?"],
  ];
  test.each(table)("%s", (_, handed, seen, expected) => {
    expect(told(handed, seen)).toBe(expected);
  });
});

describe("when nothing can come any more", () => {
  const reasons: [string, Handed | undefined, Evidence, string, string][] = [
    ["the agent ended", undefined, { over: "agent" }, "canceled agent", AGENT_ENDED],
    ["the agent ended between sent and applied", deny, { over: "agent" }, "canceled agent", ENDED_UNTOLD],
    ["the same with an allow", allow, { over: "agent" }, "canceled agent", ENDED_UNTOLD],
    ["the turn is over without a word", undefined, { over: "turn" }, "resolved agent?", NOT_TOLD],
    ["the same, and we had answered", allow, { over: "turn" }, "resolved agent?", NOT_TOLD],
    ["we stopped the turn", undefined, { over: "turn", withdrawn: true }, "canceled agent", WITHDRAWN],
    ["we stopped the turn, its call says so", undefined, { result: { status: "cancelled" }, withdrawn: true }, "canceled agent", WITHDRAWN],
    ["we stopped the turn after an answer", allow, { over: "turn", withdrawn: true }, "canceled agent", NOT_TOLD],
  ];
  test.each(reasons)("%s", (_, handed, seen, expected, reason) => {
    expect(told(handed, seen)).toBe(expected);
    expect(fateOf(handed, seen)).toMatchObject({ closing: { reason } });
  });

  test("nothing that was not denied is ever told as denied", () => {
    const handeds = [undefined, allow, deny, stop];
    const silent: Evidence[] = [
      {},
      { over: "agent" },
      { over: "turn" },
      { over: "turn", withdrawn: true },
      ...[900, 1_040].flatMap((since) => [100, 700, 9_000].flatMap((ms) => [gone(since, ms), gone(since, ms, { busy: false })])),
      { result: { status: "cancelled" } },
      { result: { status: "completed" } },
      verdict("accept", "hook"),
      verdict("accept", "person"),
    ];
    for (const handed of handeds) for (const seen of silent) expect(told(handed, seen)).not.toStartWith("denied");
  });
});
