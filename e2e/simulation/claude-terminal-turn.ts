/** What a Claude in the terminal does with what was entered: it says things, uses a tool that may have to be allowed, takes up what waits, and ends. */
import type { ClaudeWorld } from "./claude-agent.ts";
import type { Typed } from "./claude-record.ts";
import type { Json, Transcript } from "./claude-transcript.ts";
import type { HookCall } from "./machine.ts";

export interface Submitted {
  promptId: string;
  words: Typed[];
  source: "typed" | "queued";
}

export interface TerminalScene {
  world: ClaudeWorld;
  launchId: string;
  isGone(): boolean;
  transcript: Transcript;
  later(run: () => void, ms?: number): void;
  tellStatus(status: string): void;
  report(event: string, facts?: Json, call?: HookCall): string;
  /** Takes what waits out of the queue. */
  absorb(): Typed[];
}

export interface TerminalTurn {
  /** On the screen: keys go there. */
  readonly dialog: { key(key: string): void } | null;
  /** Escape, without a dialog. */
  interrupt(): void;
  askedToEnd(): void;
  perform(submitted: Submitted): Promise<void>;
}

interface Decision {
  by: "hook" | "person";
  isAllowed: boolean;
  message: string;
  endsTurn: boolean;
}

interface Turn {
  promptId: string;
  words: Typed[];
  since: number;
  aborted: "streaming" | "tools" | null;
  /** What came into it, to be answered. */
  folded: string[];
}

const REJECTED = "The user doesn't want to proceed with this tool use. The tool use was rejected.";
/** So long after a turn began whoever ends Claude knows of it. */
const KNOWN_MS = 5_000;

export function createTerminalTurn({
  world,
  launchId,
  isGone,
  transcript,
  later,
  tellStatus,
  report,
  absorb,
}: TerminalScene): TerminalTurn {
  const { time, chance, record, habits, uuid } = world;
  const pause = (ms?: number): Promise<void> => new Promise((resolve) => later(resolve, ms));
  let turn: Turn | null = null;
  let dialog: TerminalTurn["dialog"] = null;
  /** A tool runs: it can be stopped. */
  let stopTool: (() => void) | null = null;

  function write(typed: Typed, { promptId, source }: Submitted): void {
    typed.how = "runs";
    const message = { role: "user", content: typed.text };
    const marks = { promptId, permissionMode: "default", origin: { kind: "human" }, promptSource: source };
    transcript.add({ type: "user", message, ...marks }, () => (typed.how = "stands"));
  }

  function speak(message: { id: string; stop: string }, place: number, block: Json, written?: () => void): void {
    const usage = { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
    const said = { id: message.id, type: "message", role: "assistant", model: "claude-simulated", content: [block], usage };
    transcript.add({ type: "assistant", message: { ...said, stop_reason: message.stop }, apiBlockIndex: place }, written);
  }

  /** Seen on the screen by whoever sits there; told from the record, as far as it is written down. */
  function say(message: { id: string; stop: string }, text: string): void {
    speak(message, 0, { type: "text", text }, () => record.said.push({ text, host: 0, recorded: true }));
  }

  function ask(mine: Turn, toolCallId: string): Promise<Decision> {
    const { promise, resolve } = Promise.withResolvers<Decision>();
    const tool = { prompt_id: mine.promptId, tool_name: "Bash", tool_input: { command: "rm" } };
    report("PreToolUse", { ...tool, tool_use_id: toolCallId });
    tellStatus("waiting");
    let isOver = false;
    const decide = (decision: Decision): void => {
      if (isOver || isGone()) return;
      isOver = true;
      dialog = null;
      record.taken.set(`hook-${id}`, decision.isAllowed ? "approved" : "denied");
      tellStatus("busy");
      resolve(decision);
    };
    const id = report("PermissionRequest", tool, {
      answered(answer) {
        const decision = decisionIn(answer);
        if (decision) later(() => decide(decision), chance.between(0, 20));
      },
    });
    dialog = {
      key(key) {
        if (key === "1") decide({ by: "person", isAllowed: true, message: "", endsTurn: false });
        if (key === "3" || key === "\u001b") decide({ by: "person", isAllowed: false, message: REJECTED, endsTurn: true });
      },
    };
    return promise;
  }

  function tellResult(mine: Turn, toolCallId: string, decision: Decision | null, wasStopped: boolean): void {
    const isError = wasStopped || decision?.isAllowed === false;
    const words = wasStopped ? REJECTED : decision?.isAllowed === false ? decision.message : "done";
    const content = [{ type: "tool_result", tool_use_id: toolCallId, content: words, is_error: isError }];
    const toolUseResult = isError ? `Error: ${words}` : { stdout: "done", stderr: "", interrupted: false };
    const told = wasStopped ? { toolDenialKind: "user-rejected" } : verdictOf(decision);
    transcript.add({ type: "user", promptId: mine.promptId, message: { role: "user", content }, toolUseResult, ...told });
  }

  async function useTool(mine: Turn, message: { id: string; stop: string }): Promise<void> {
    const toolCallId = `toolu_${uuid()}`;
    speak(message, 1, { type: "tool_use", id: toolCallId, name: "Bash", input: { command: "rm" } });
    await pause();
    if (mine.aborted) return tellResult(mine, toolCallId, null, true);
    const decision = chance.is(habits.asks) ? await ask(mine, toolCallId) : null;
    if (decision?.endsTurn) mine.aborted = "tools";
    if (decision?.isAllowed !== false) await runs();
    tellResult(mine, toolCallId, decision, decision?.isAllowed !== false && mine.aborted !== null);
    for (const typed of absorb()) fold(mine, typed);
  }

  function runs(): Promise<void> {
    return new Promise<void>((resolve) => {
      stopTool = resolve;
      later(resolve, chance.is(0.2) ? chance.between(500, 4_000) : chance.between(0, 100));
    }).then(() => void (stopTool = null));
  }

  function fold(mine: Turn, typed: Typed): void {
    typed.how = "runs";
    mine.words.push(typed);
    mine.folded.push(typed.text);
    const attachment = { type: "queued_command", prompt: typed.text, source_uuid: uuid(), commandMode: "prompt" };
    transcript.add({ type: "attachment", attachment }, () => (typed.how = "stands"));
  }

  async function work(mine: Turn, number: number, text: string): Promise<void> {
    const tools = chance.between(0, 2);
    let to: string | undefined = text;
    for (let step = 1; (step <= tools || mine.folded.length > 0) && !mine.aborted; step++) {
      const message = { id: `msg_${uuid()}`, stop: "tool_use" };
      say(message, `t${number}.${step} to ${to ?? text}`);
      await pause();
      if (mine.aborted) return;
      await useTool(mine, message);
      to = mine.folded.shift();
      await pause();
    }
    if (!mine.aborted) say({ id: `msg_${uuid()}`, stop: "end_turn" }, `t${number}.last to ${to ?? text}`);
  }

  function interrupted({ promptId, aborted }: Turn): void {
    const words = aborted === "tools" ? "[Request interrupted by user for tool use]" : "[Request interrupted by user]";
    transcript.add({ type: "user", promptId, message: { role: "user", content: [{ type: "text", text: words }] } });
  }

  function failed({ promptId }: Turn): void {
    const content = [{ type: "text", text: "API Error: 529 overloaded" }];
    const message = { id: `msg_${uuid()}`, role: "assistant", model: "<synthetic>", content, stop_reason: "stop_sequence" };
    transcript.add({ type: "assistant", message, error: "overloaded", isApiErrorMessage: true, apiErrorStatus: 529 });
    report("StopFailure", { prompt_id: promptId });
  }

  async function completed({ promptId, since }: Turn): Promise<void> {
    report("Stop", { prompt_id: promptId, background_tasks: [], session_crons: [] });
    // A hook of the person's own may take its time here.
    await pause(chance.is(habits.slowStops) ? chance.between(500, 6_000) : chance.between(0, 60));
    transcript.add({ type: "system", subtype: "stop_hook_summary", hookCount: 1, hookErrors: [], preventedContinuation: false });
    transcript.add({ type: "system", subtype: "turn_duration", durationMs: time.now - since, isMeta: false });
  }

  async function perform(submitted: Submitted): Promise<void> {
    const { promptId, words } = submitted;
    const number = ++record.turns;
    const mine: Turn = { promptId, words, since: time.now, aborted: null, folded: [] };
    turn = mine;
    tellStatus("busy");
    for (const typed of words) write(typed, submitted);
    if (chance.is(habits.stalls)) transcript.stall(chance.between(500, 6_000));
    await pause(chance.between(0, 600));
    await work(mine, number, words.map(({ text }) => text).join(" and "));
    await pause();
    if (mine.aborted) interrupted(mine);
    else if (chance.is(habits.fails) && !world.isCalm()) failed(mine);
    else await completed(mine);
    turn = null;
    await pause(chance.between(0, 100));
  }

  return {
    get dialog() {
      return dialog;
    },
    interrupt() {
      if (!turn || turn.aborted) return;
      turn.aborted = stopTool ? "tools" : "streaming";
      stopTool?.();
    },
    askedToEnd() {
      if (turn && !turn.aborted && time.now - turn.since > KNOWN_MS) record.brokenOff.push(`${launchId}: ${turn.words[0]?.text}`);
    },
    perform,
  };
}

/** What a hook's output says; null: it has no opinion. */
function decisionIn(answer: unknown): Decision | null {
  const output = (answer as { hookSpecificOutput?: { decision?: Json } } | null)?.hookSpecificOutput?.decision;
  if (!output) return null;
  const isAllowed = output["behavior"] === "allow";
  return { by: "hook", isAllowed, message: String(output["message"] ?? "denied"), endsTurn: output["interrupt"] === true };
}

/** A person's *No* is written down without a decision. */
function verdictOf(decision: Decision | null): Json {
  if (!decision) return {};
  if (decision.by === "person" && !decision.isAllowed) return { toolDenialKind: "user-rejected", toolDenialBeforeRun: true };
  const source = decision.by === "hook" ? "hook" : "user_temporary";
  return { permissionDecision: { decision: decision.isAllowed ? "accept" : "reject", source } };
}
