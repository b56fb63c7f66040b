/**
 * A Claude in the terminal, as far as its driver can see one: keys in, a transcript that lags behind, a status file, hooks that come beside all that
 * in any order, dialogs that are answered at its keyboard or through a hook, a queue of its own. Forms and order as measured on 2.1.329 and 2.1.332
 * (`packages/agents/src/claude/local-turn.test.ts`, `request-fate.ts` and the recorded runs that `packages/agents` is tested with).
 */
import { join } from "node:path";
import type { ClaudeWorld } from "./claude-agent.ts";
import { noteProcess, type Typed } from "./claude-record.ts";
import { createTerminalTurn, type Submitted, type TerminalScene } from "./claude-terminal-turn.ts";
import { CLAUDE_DIR, type Json, openTranscript } from "./claude-transcript.ts";
import type { HookCall } from "./machine.ts";
import type { Program, ProgramStart } from "./program.ts";

const ESCAPE = "\u001b";
const UP = "\u001b[A";
/** By then whoever ends Claude has heard of a key. */
const HEARD_MS = 500;
const KEY = /^(?:\u001b\[A|\u001b|\r|[^\u001b\r]+)/;

export function createTerminalClaude(start: ProgramStart, world: ClaudeWorld): Program {
  const { time, chance, disk, record, uuid } = world;
  const { isGone, pid, launchId } = start;
  const valueOf = (flag: string): string | undefined => (start.argv.includes(flag) ? start.argv[start.argv.indexOf(flag) + 1] : undefined);
  const resumed = valueOf("--resume");
  const threadId = resumed ?? valueOf("--session-id") ?? uuid();
  const transcript = openTranscript(threadId, { ...world, entrypoint: "cli" });
  const statusFile = join(CLAUDE_DIR, "sessions", `${pid}.json`);
  const begunAt = String(time.now);
  const end = new AbortController();
  let line = start.argv.find((word) => word.startsWith("--prefill="))?.slice("--prefill=".length) ?? "";
  let queue: Typed[] = [];
  let submitted: Submitted | null = null;
  let isUp = false;
  let early = "";
  let heardAt = time.now;
  let status = "";
  /** What stood in the line when nobody typed any more, and Claude was asked to end. */
  const quiet = { line: "", keyAt: 0 };

  const later = (run: () => void, ms = chance.is(0.1) ? chance.between(100, 1_500) : chance.between(0, 30)): void =>
    void time.after(ms, () => isGone() || run());

  function tellStatus(next: string): void {
    if (isGone() || next === status) return;
    status = next;
    if (next === "waiting") record.asking.add(launchId);
    else record.asking.delete(launchId);
    const facts = { pid, sessionId: threadId, procStart: begunAt, entrypoint: "cli", status, statusUpdatedAt: time.now };
    disk.write(statusFile, JSON.stringify({ ...facts, ...(next === "waiting" ? { waitingFor: "permission prompt" } : {}) }));
  }

  function report(event: string, facts: Json = {}, call: HookCall = {}): string {
    const common = { hook_event_name: event, session_id: threadId, transcript_path: transcript.path, permission_mode: "default" };
    // Beside the terminal, in no order, and now and then much later.
    const afterMs = chance.is(0.1) ? chance.between(200, 4_000) : chance.between(5, 200);
    return world.hook({ ...common, ...facts }, { afterMs, signal: end.signal, ...call });
  }

  const scene: TerminalScene = { world, launchId, isGone, transcript, later, tellStatus, report, absorb };
  const turns = createTerminalTurn(scene);

  function boot(): void {
    if (isGone()) return;
    start.write("\u001b[2J");
    if (resumed !== undefined && !transcript.hasWords) return refuse(`No conversation found with session ID: ${threadId}`);
    if (resumed === undefined && transcript.exists) return refuse(`Error: Session ID ${threadId} is already in use.`);
    later(
      () => {
        isUp = true;
        tellStatus("idle");
        report("SessionStart", { source: resumed === undefined ? "startup" : "resume" });
        const keys = early;
        early = "";
        press(keys);
      },
      chance.between(0, 300),
    );
  }

  function refuse(words: string): void {
    start.write(words);
    later(() => start.exit({ code: 1, signal: null }));
  }

  // ── Keys ──

  function press(keys: string): void {
    quiet.keyAt = time.now;
    for (let rest = keys; rest !== "";) {
      const key = KEY.exec(rest)?.[0] ?? rest;
      rest = rest.slice(key.length);
      if (!isUp) early += key;
      else if (turns.dialog) turns.dialog.key(key);
      else if (key === ESCAPE) turns.interrupt();
      else if (key === UP) takeBack();
      else if (key === "\r") enter();
      else line += key;
    }
  }

  function enter(): void {
    const text = line.trim();
    if (text === "") return;
    line = "";
    // A menu was open: it took the words, and nothing is made of them.
    if (chance.is(world.habits.deaf)) return;
    const typed: Typed = { text, how: "waits", at: time.now };
    record.typed.push(typed);
    record.atWork.add(pid);
    const promptId = submitted?.promptId ?? uuid();
    report("UserPromptSubmit", { prompt: text, prompt_id: promptId });
    if (submitted) return enqueue(typed);
    begin({ promptId, words: [typed], source: "typed" });
  }

  function enqueue(typed: Typed): void {
    queue.push(typed);
    transcript.note({ type: "queue-operation", operation: "enqueue", content: typed.text });
  }

  function takeBack(): void {
    for (const typed of queue) {
      typed.how = "refused";
      transcript.note({ type: "queue-operation", operation: "popAll", content: typed.text });
    }
    line = [...queue.map(({ text }) => text), ...(line === "" ? [] : [line])].join("\n");
    queue = [];
  }

  /** What waits goes into the turn that runs. */
  function absorb(): Typed[] {
    const taken = queue;
    queue = [];
    for (const { text } of taken) transcript.note({ type: "queue-operation", operation: "remove", content: text });
    return taken;
  }

  // ── Turns ──

  function begin(next: Submitted): void {
    submitted = next;
    later(
      () => {
        turns.perform(next).then(onOver, (cause: unknown) => start.complain(String(cause)));
      },
      chance.between(0, 30 + world.habits.pondersMs),
    );
  }

  function onOver(): void {
    if (isGone()) return;
    submitted = null;
    if (queue.length === 0) {
      tellStatus("idle");
      // What it did is done when it is written down.
      transcript.note({ type: "mode", mode: "normal" }, () => void (submitted === null && record.atWork.delete(pid)));
      return;
    }
    const words = queue;
    queue = [];
    for (const _ of words) transcript.note({ type: "queue-operation", operation: "dequeue" });
    begin({ promptId: uuid(), words, source: "queued" });
  }

  function leave(): void {
    if (isGone()) return;
    transcript.flush();
    const waiting = [...queue, ...(submitted?.words ?? [])].filter(({ how }) => how === "waits");
    for (const typed of waiting) typed.how = "left";
    if (quiet.line.trim() !== "") record.halfTyped.push(quiet.line);
    disk.remove(statusFile);
    report("SessionEnd", { reason: "other" });
    start.exit({ code: 143, signal: null });
  }

  noteProcess(record, world.running, pid, threadId);
  world.running.set(pid, begunAt);
  time.after(chance.between(50, 400), boot);

  return {
    hear(text) {
      heardAt = Math.max(heardAt, time.now + chance.between(0, 5));
      time.after(heardAt - time.now, () => isGone() || press(text));
    },
    closeInput: () => undefined,
    signal(name) {
      if (isGone()) return;
      if (name === "SIGKILL") return start.exit({ code: null, signal: name });
      turns.askedToEnd();
      if (time.now - quiet.keyAt > HEARD_MS) quiet.line = line;
      later(leave, chance.between(0, 50));
    },
    gone() {
      end.abort();
      world.running.delete(pid);
      record.atWork.delete(pid);
      record.asking.delete(launchId);
      const open = [...queue, ...(submitted?.words ?? [])].filter(({ how }) => how === "waits" || how === "runs");
      for (const typed of open) typed.how = "lost";
      transcript.drop();
    },
  };
}
