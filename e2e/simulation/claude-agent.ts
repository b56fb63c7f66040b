/**
 * A driven Claude, as far as its driver can see one: stream-json on its pipes, a transcript that lags behind, a status file, a hook. It can die at any
 * moment, and then its record holds what it had written down. Forms and order as measured on 2.1.329 and 2.1.332 (docs/claude-code.md, and the
 * recorded runs that `packages/agents` is tested with).
 */
import { join } from "node:path";
import { type ClaudeRecord, noteProcess, type Run } from "./claude-record.ts";
import { CLAUDE_DIR, type Json, openTranscript, type Transcript, VERSION } from "./claude-transcript.ts";
import type { SimDisk } from "./disk.ts";
import type { HookCall } from "./machine.ts";
import type { Program, ProgramStart } from "./program.ts";
import type { Chance } from "./random.ts";
import type { Character } from "./sim-agent.ts";
import type { VirtualTime } from "./time.ts";

export interface ClaudeHabits extends Character {
  /** How often a turn says and does nothing, enters or leaves a worktree, and is written down late. */
  wordless: number;
  moves: number;
  stalls: number;
  /** In the terminal: how often Enter goes elsewhere, and a hook of the person's own holds up the end of a turn. */
  deaf: number;
  slowStops: number;
  /** Milliseconds until it takes up a prompt, at most: a hook of the person's own looks at each first. */
  pondersMs: number;
}

export interface ClaudeWorld {
  time: VirtualTime;
  chance: Chance;
  disk: SimDisk;
  record: ClaudeRecord;
  habits: ClaudeHabits;
  cwd: string;
  uuid(): string;
  /** Processes that run, with their start time. */
  running: Map<number, string>;
  /** A hook is called; answers the name of this call. */
  hook(payload: Json, call?: HookCall): string;
  isCalm(): boolean;
}

interface Queued {
  uuid: string;
  text: string;
}

interface Turn {
  /** Of all prompts that it took. */
  uuids: string[];
  runs: Run[];
  aborted: "aborted_streaming" | "aborted_tools" | null;
  /** What waits for a person. */
  asking: { id: string; answered(answer: Json): void; withdrawn(): void } | null;
  /** Prompts that came into it, to be answered. */
  folded: string[];
}

const obj = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});
const REJECTED = "The user doesn't want to proceed with this tool use. The tool use was rejected.";

export function createClaude(start: ProgramStart, world: ClaudeWorld): Program {
  const { time, chance, disk, record, habits, uuid } = world;
  const { isGone, pid } = start;
  const valueOf = (flag: string): string | undefined => (start.argv.includes(flag) ? start.argv[start.argv.indexOf(flag) + 1] : undefined);
  const resumed = valueOf("--resume");
  const threadId = resumed ?? valueOf("--session-id") ?? uuid();
  const transcript: Transcript = openTranscript(threadId, { ...world, entrypoint: "sdk-cli" });
  const statusFile = join(CLAUDE_DIR, "sessions", `${pid}.json`);
  const begunAt = String(time.now);
  let queue: Queued[] = [];
  /** Taken out of the queue and not begun. */
  let taken: Queued[] = [];
  /** Taken back: it ignores them from then on. */
  const dropped = new Set<string>();
  let turn: Turn | null = null;
  let closing = false;
  let cost = 0;
  let heardAt = 0;
  let mode = "default";
  let isElsewhere = false;

  const write = (line: Json): void => start.write(`${JSON.stringify({ ...line, session_id: threadId })}\n`);
  const later = (run: () => void): void =>
    void time.after(chance.is(0.1) ? chance.between(100, 1_500) : chance.between(0, 30), () => isGone() || run());
  const pause = (): Promise<void> => new Promise((resolve) => later(resolve));
  const respond = (id: unknown, response: Json): void =>
    write({ type: "control_response", response: { subtype: "success", request_id: id, response } });
  const lifecycle = (id: string, state: string): void => write({ type: "command_lifecycle", command_uuid: id, state });

  function tellStatus(status: string): void {
    const facts = { pid, sessionId: threadId, procStart: begunAt, entrypoint: "sdk-cli", status, statusUpdatedAt: time.now };
    disk.write(statusFile, JSON.stringify(facts));
  }

  function leave(code: number): void {
    if (isGone()) return;
    transcript.flush();
    disk.remove(statusFile);
    start.exit({ code, signal: null });
  }

  function refuse(words: string): void {
    start.complain(`${words}\n`);
    later(() => start.exit({ code: 1, signal: null }));
  }

  function boot(): void {
    if (isGone()) return;
    if (resumed !== undefined && !transcript.hasWords) return refuse(`No conversation found with session ID: ${threadId}`);
    if (resumed === undefined && transcript.exists) return refuse(`Error: Session ID ${threadId} is already in use.`);
    tellStatus("idle");
  }

  // ── What is said to it ──

  function hearUser(line: Json): void {
    const id = String(line["uuid"] ?? uuid());
    if (dropped.has(id)) return;
    const content = obj(line["message"])["content"];
    const text = typeof content === "string" ? content : (content as { text?: string }[]).map((block) => block.text ?? "").join("");
    queue.push({ uuid: id, text });
    lifecycle(id, "queued");
    next();
  }

  function cancel(id: string): boolean {
    if (queue.some((one) => one.uuid === id)) {
      queue = queue.filter((one) => one.uuid !== id);
      dropped.add(id);
      lifecycle(id, "cancelled");
      return true;
    }
    // What it has just taken and not begun it drops as well, and answers that it did not.
    if (taken.some((one) => one.uuid === id)) {
      taken = taken.filter((one) => one.uuid !== id);
      dropped.add(id);
      later(() => lifecycle(id, "cancelled"));
    }
    return false;
  }

  function abort(how: Turn["aborted"]): void {
    if (!turn || turn.aborted) return;
    turn.aborted = how;
    turn.asking?.withdrawn();
  }

  function hearRequest(line: Json): void {
    const id = line["request_id"];
    const request = obj(line["request"]);
    switch (request["subtype"]) {
      case "initialize":
        return respond(id, { commands: [], models: [{ value: "default", displayName: "Default" }], pid });
      case "interrupt":
        respond(id, { still_queued: [] });
        return abort(turn?.asking ? "aborted_tools" : "aborted_streaming");
      case "cancel_async_message":
        return respond(id, { cancelled: cancel(String(request["message_uuid"])), message_uuid: request["message_uuid"] });
      case "rewind_conversation": {
        const parent = transcript.parentOf(String(request["target_message_uuid"]));
        if (parent !== undefined) transcript.goBackTo(parent);
        return respond(id, { rewound: parent !== undefined });
      }
      case "set_permission_mode":
        mode = String(request["mode"]);
        return respond(id, { mode });
      case "generate_session_title":
        return respond(id, { title: "Some work" });
      default:
        return respond(id, {});
    }
  }

  function hearAnswer(line: Json): void {
    const response = obj(line["response"]);
    const asking = turn?.asking;
    // Of a request that is over: nobody waits for it.
    if (asking?.id === response["request_id"]) asking?.answered(obj(response["response"]));
  }

  function hear(line: Json): void {
    if (line["type"] === "user") return hearUser(line);
    if (line["type"] === "control_request") return hearRequest(line);
    if (line["type"] === "control_response") hearAnswer(line);
  }

  // ── What it does ──

  function next(): void {
    if (turn || taken.length > 0) return;
    if (queue.length === 0) {
      if (closing) leave(0);
      return;
    }
    taken = queue;
    queue = [];
    time.after(chance.between(0, 30 + habits.pondersMs), () => {
      if (isGone()) return;
      const batch = taken;
      taken = [];
      if (batch.length === 0) return next();
      perform(batch).then(next, (cause: unknown) => start.complain(String(cause)));
    });
  }

  function noteRun({ uuid: id, text }: Queued): Run {
    const run: Run = { uuid: id, text, recorded: false, worked: false, complete: false };
    record.runs.push(run);
    return run;
  }

  function begin(batch: readonly Queued[]): Turn {
    const runs = batch.map(noteRun);
    const mine: Turn = { uuids: batch.map((one) => one.uuid), runs, aborted: null, asking: null, folded: [] };
    turn = mine;
    tellStatus("busy");
    for (const id of mine.uuids) lifecycle(id, "started");
    write({
      type: "system",
      subtype: "init",
      cwd: world.cwd,
      tools: ["Bash"],
      slash_commands: [],
      permissionMode: mode,
      claude_code_version: VERSION,
    });
    write({ type: "system", subtype: "status", status: "requesting" });
    const message = { role: "user", content: batch.map((one) => one.text).join("\n") };
    const [merged, id] = [mine.uuids.slice(0, -1), mine.uuids.at(-1) ?? uuid()];
    const sendings = merged.length > 0 ? { mergedSendUuids: merged } : {};
    transcript.add({ type: "user", uuid: id, message, promptId: uuid(), permissionMode: mode, promptSource: "sdk", ...sendings }, () => {
      for (const run of runs) run.recorded = true;
    });
    write({ type: "user", message, uuid: id, parent_tool_use_id: null, timestamp: new Date(time.now).toISOString(), isReplay: true });
    return mine;
  }

  /** One block of a message: on the pipe at once, in the record a moment later. */
  function speak(message: { id: string; stop: string }, place: number, block: Json, written?: () => void): void {
    const usage = { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
    const common = { id: message.id, type: "message", role: "assistant", model: "claude-simulated", content: [block], usage };
    const timestamp = new Date(time.now).toISOString();
    const id = transcript.add(
      { type: "assistant", message: { ...common, stop_reason: message.stop }, apiBlockIndex: place, timestamp },
      written,
    );
    write({ type: "assistant", message: { ...common, stop_reason: null }, parent_tool_use_id: null, uuid: id, timestamp });
  }

  async function say(message: { id: string; stop: string }, text: string): Promise<void> {
    const event = (what: Json): void => write({ type: "stream_event", event: what, parent_tool_use_id: null, uuid: uuid() });
    event({ type: "message_start", message: { id: message.id } });
    event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } });
    const middle = chance.between(1, text.length - 1);
    for (const piece of chance.is(0.5) ? [text] : [text.slice(0, middle), text.slice(middle)]) {
      event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: piece } });
      if (piece !== text) await pause();
    }
    const said = { text, host: start.host, recorded: false };
    record.said.push(said);
    speak(message, 0, { type: "text", text }, () => (said.recorded = true));
  }

  function ask(mine: Turn, toolCallId: string): Promise<Json | null> {
    const id = uuid();
    const input = { command: "rm" };
    tellStatus("waiting");
    write({
      type: "control_request",
      request_id: id,
      request: {
        subtype: "can_use_tool",
        tool_name: "Bash",
        display_name: "Bash",
        input,
        tool_use_id: toolCallId,
        permission_suggestions: [],
      },
    });
    return new Promise((resolve) => {
      const over = (answer: Json | null): void => {
        mine.asking = null;
        tellStatus("busy");
        resolve(answer);
      };
      mine.asking = {
        id,
        answered(answer) {
          record.taken.set(id, answer["behavior"] === "allow" ? "approved" : "denied");
          // It repeats the answer that it takes.
          write({ type: "control_response", response: { subtype: "success", request_id: id, response: answer } });
          over(answer);
        },
        withdrawn() {
          record.taken.set(id, "canceled");
          write({ type: "control_cancel_request", request_id: id });
          over(null);
        },
      };
    });
  }

  function tellResult(mine: Turn, toolCallId: string, answer: Json | null): void {
    const denied = answer?.["behavior"] === "deny" || mine.aborted !== null;
    const words = mine.aborted ? REJECTED : denied ? String(answer?.["message"]) : "done";
    const content = [{ type: "tool_result", tool_use_id: toolCallId, content: words, is_error: denied }];
    const timestamp = new Date(time.now).toISOString();
    const toolUseResult = denied ? `Error: ${words}` : { stdout: "done", stderr: "", interrupted: false };
    const decision = answer ? { permissionDecision: { decision: denied ? "reject" : "accept", source: "user_temporary" } } : {};
    const id = transcript.add({ type: "user", message: { role: "user", content }, toolUseResult, timestamp, ...decision }, () => {
      if (!denied) for (const run of mine.runs) run.worked = true;
    });
    write({
      type: "user",
      message: { role: "user", content },
      parent_tool_use_id: null,
      uuid: id,
      timestamp,
      tool_use_result: toolUseResult,
    });
  }

  async function useTool(mine: Turn, message: { id: string; stop: string }): Promise<void> {
    const toolCallId = `toolu_${uuid()}`;
    speak(message, 1, { type: "tool_use", id: toolCallId, name: "Bash", input: { command: "rm" } });
    await pause();
    if (mine.aborted) return tellResult(mine, toolCallId, null);
    const answer = chance.is(habits.asks) ? await ask(mine, toolCallId) : null;
    if (answer?.["interrupt"] === true) mine.aborted = "aborted_tools";
    await pause();
    if (chance.is(habits.moves)) goElsewhere();
    tellResult(mine, toolCallId, answer);
    absorb(mine);
  }

  /** Enters a worktree, or leaves it: the record goes with it. */
  function goElsewhere(): void {
    isElsewhere = !isElsewhere;
    record.moves++;
    transcript.moveTo(isElsewhere ? join(world.cwd, ".claude", "worktrees", "wtx") : world.cwd);
  }

  /** What was sent meanwhile goes into the running turn. */
  function absorb(mine: Turn): void {
    const batch = queue;
    queue = [];
    for (const one of batch) {
      const run = noteRun(one);
      mine.uuids.push(one.uuid);
      mine.runs.push(run);
      mine.folded.push(one.text);
      record.steered++;
      lifecycle(one.uuid, "started");
      const timestamp = new Date(time.now).toISOString();
      const attachment = { type: "queued_command", prompt: one.text, source_uuid: one.uuid, commandMode: "prompt", timestamp };
      transcript.add({ type: "attachment", attachment, timestamp }, () => (run.recorded = true));
      const message = { role: "user", content: one.text };
      write({ type: "user", message, uuid: one.uuid, parent_tool_use_id: null, timestamp, isReplay: true });
    }
  }

  async function perform(batch: readonly Queued[]): Promise<void> {
    const mine = begin(batch);
    const number = ++record.turns;
    if (chance.is(habits.stalls)) transcript.stall(chance.between(1_000, 25_000));
    await new Promise<void>((resolve) => time.after(chance.between(0, 600), () => isGone() || resolve()));
    const isWordless = chance.is(habits.wordless) && !world.isCalm();
    if (!isWordless) await work(mine, number, batch.map((one) => one.text).join(" and "));
    else record.wordless.add(mine.uuids.at(-1) ?? "");
    await pause();
    const fails = !isWordless && !mine.aborted && chance.is(habits.fails) && !world.isCalm();
    finish(mine, fails ? "failed" : mine.aborted ? "aborted" : "completed");
  }

  async function work(mine: Turn, number: number, text: string): Promise<void> {
    const tools = chance.between(0, 2);
    let to: string | undefined = text;
    for (let step = 1; (step <= tools || mine.folded.length > 0) && !mine.aborted; step++) {
      const message = { id: `msg_${uuid()}`, stop: "tool_use" };
      await say(message, `r${number}.${step} to ${to ?? text}`);
      await pause();
      if (mine.aborted) return;
      await useTool(mine, message);
      to = mine.folded.shift();
      await pause();
    }
    if (!mine.aborted) await say({ id: `msg_${uuid()}`, stop: "end_turn" }, `r${number}.last to ${to ?? text}`);
  }

  function finish(mine: Turn, how: "completed" | "failed" | "aborted"): void {
    cost += 0.01;
    // A conversation that was answered and stands nowhere can't be gone on with: that is refused, and a person's to decide.
    if (!transcript.hasWords) transcript.flush();
    const common = { type: "result", uuid: uuid(), duration_ms: 100, total_cost_usd: cost, user_message_uuids: mine.uuids };
    const usage = { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
    if (how === "aborted") {
      const words = mine.aborted === "aborted_tools" ? "[Request interrupted by user for tool use]" : "[Request interrupted by user]";
      const message = { role: "user", content: [{ type: "text", text: words }] };
      const id = transcript.add({ type: "user", message });
      write({ type: "user", message, uuid: id, parent_tool_use_id: null, timestamp: new Date(time.now).toISOString() });
      write({ ...common, subtype: "error_during_execution", is_error: true, terminal_reason: mine.aborted, usage });
    } else if (how === "failed") {
      const error = { error: "overloaded", isApiErrorMessage: true, apiErrorStatus: 529 };
      const message = {
        id: `msg_${uuid()}`,
        role: "assistant",
        model: "<synthetic>",
        content: [{ type: "text", text: "API Error: 529 overloaded" }],
      };
      const id = transcript.add({ type: "assistant", message, ...error });
      write({ type: "assistant", message, uuid: id, parent_tool_use_id: null, timestamp: new Date(time.now).toISOString(), ...error });
      const failed = { terminal_reason: "api_error", api_error_status: 529, result: "API Error: 529 overloaded" };
      write({ ...common, subtype: "success", is_error: true, usage, ...failed });
    } else {
      for (const run of mine.runs) run.complete = true;
      world.hook({
        hook_event_name: "Stop",
        session_id: threadId,
        transcript_path: transcript.path,
        background_tasks: [],
        session_crons: [],
      });
      write({ ...common, subtype: "success", is_error: false, terminal_reason: "completed", usage });
    }
    for (const id of mine.uuids) lifecycle(id, "completed");
    turn = null;
    tellStatus("idle");
  }

  noteProcess(record, world.running, pid, threadId);
  world.running.set(pid, begunAt);
  time.after(chance.between(50, 400), boot);
  heardAt = time.now + 400;

  return {
    hear(text) {
      heardAt = Math.max(heardAt, time.now + chance.between(0, 5));
      time.after(heardAt - time.now, () => {
        if (!isGone()) hear(JSON.parse(text) as Json);
      });
    },
    closeInput() {
      heardAt = Math.max(heardAt, time.now);
      time.after(heardAt - time.now, () => {
        closing = true;
        // Nobody is left who could answer.
        if (turn?.asking) abort("aborted_tools");
        if (!isGone()) next();
      });
    },
    signal(name) {
      if (isGone()) return;
      if (name === "SIGKILL") start.exit({ code: null, signal: name });
      else time.after(chance.between(0, 50), () => leave(143));
    },
    gone() {
      world.running.delete(pid);
      transcript.drop();
    },
  };
}
