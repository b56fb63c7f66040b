/**
 * A driven Claude: one process, stream-json on its pipes, any number of turns. The pipe's ring at the host is read from a durable offset, so
 * another session process can go on where this one was killed; what is read and durable is released, or a full ring would stop Claude.
 */
import { cutTextStart } from "@hapi/core";
import { AppError } from "@hapi/protocol";
import { type HostProcess, RingGapError } from "@hapi/host";
import { ignore, LATE, within } from "@hapi/platform/lean";
import { createByteLines } from "../shared/byte-lines.ts";
import { type Control, createControl } from "./control.ts";
import type { Core } from "./core.ts";
import { failure } from "./failures.ts";
import type { Json } from "./json.ts";
import { createLiveText } from "./live-text.ts";
import { watchOutput } from "./output-watch.ts";
import { createRemoteOut, outMark, type RemoteOut } from "./remote-out.ts";
import { readMark } from "./state.ts";
import { createStderrTail } from "./stderr-tail.ts";
import { createTitleAsker } from "./title.ts";

export interface RemoteFront {
  readonly process: HostProcess;
  readonly control: Control;
  readonly busy: boolean;
  /** Reads on; resolves when Claude answers. */
  begin(): Promise<Json>;
  /** Reads again what came while nobody read, then says what is open. */
  takeOver(): Promise<void>;
  send(line: Json, inputId?: number): Promise<void>;
  idle(): Promise<void>;
  stop(options: { graceMs: number; interrupt: boolean }): Promise<void>;
  /** The process is gone, and its end is being told. */
  readonly ending: boolean;
  /** After the process is gone and everything it said was told. */
  readonly ended: Promise<void>;
  /** Stops reading; the process goes on. */
  detach(): Promise<void>;
}

const START_MS = 30_000;
/** Read offsets become durable after this much without a turn's end. */
const COMMIT_BYTES = 256 * 1024;
/** Of a line that has not ended: more would fill the host's ring, and Claude could never write the rest of it. */
const MAX_HELD_BYTES = 2 * 1024 * 1024;
const TERM_WAIT_MS = 3_000;
/** A process that reads its stdin answers at once; one that does not is believed to have nothing new. */
const CATCH_UP_MS = 3_000;

/**
 * An interrupt otherwise ends background sub-agents too, without a word (measured on 2.1.329). Whoever stops a turn means the turn. A Claude that
 * does not know the field ignores it.
 */
export const TURN_ONLY = { spare_background_tasks: true };

/** `onGone`: just before `exited` is told, so that whoever hears it can start the next one at once. */
export function createRemoteFront(core: Core, process: HostProcess, onGone: () => void, answerMs?: number): RemoteFront {
  const { context } = core;
  const { clock } = context;
  const { launchId } = process;
  const saved = readMark(context, "claude.out");
  const from = saved?.launchId === launchId ? saved : { offset: 0, busy: false };
  const live = createLiveText(() => core.feed?.parser.state.items ?? []);
  const reading = new AbortController();
  const ended = Promise.withResolvers<void>();
  const stderr = createStderrTail(process, reading.signal);
  let stopping = false;
  let detached = false;
  let ending = false;
  let durable = from.offset;

  const send = (line: Json, inputId?: number): Promise<void> => process.write(`${JSON.stringify(line)}\n`, inputId);
  const control = createControl(send, { clock, uuid: context.system.uuid, answerMs });
  const out: RemoteOut = createRemoteOut({
    core,
    launchId,
    control,
    live,
    busy: from.busy,
    refuse: (controlId, subtype) =>
      send({ type: "control_response", response: { subtype: "error", request_id: controlId, error: `not supported: ${subtype}` } }),
    reply: (controlId, response) => send({ type: "control_response", response: { subtype: "success", request_id: controlId, response } }),
    onCompleted: createTitleAsker(core, control),
    hurry: () => stopping || reading.signal.aborted,
    async onTurnEnd(offset) {
      await outMark(context, launchId, offset, false);
      durable = offset;
      process.release("out", offset);
    },
  });

  const watch = watchOutput({ core, process, isBusy: () => out.busy });

  async function progress(position: number): Promise<void> {
    if (position - durable < COMMIT_BYTES) return;
    await core.requests.settled();
    await outMark(context, launchId, position, out.busy);
    durable = position;
    process.release("out", position);
  }

  async function readFrom(offset: number): Promise<void> {
    const onTooLong = (bytes: number): void => core.lost("output_lost", `${launchId}:${durable}`, { why: "line_too_long", bytes });
    const lines = createByteLines(offset, { onTooLong });
    for await (const chunk of process.read("out", offset, reading.signal)) {
      for (const line of lines.push(chunk.offset, chunk.bytes)) {
        await handle(line);
        await progress(line.end);
      }
      const received = chunk.offset + chunk.bytes.length;
      // Only here, not in what is durable: read again after a crash, it is a gap, and the transcript has what such a line said.
      if (received - durable > MAX_HELD_BYTES) process.release("out", received);
    }
  }

  async function handle(line: Parameters<RemoteOut["handle"]>[0]): Promise<void> {
    watch.heard(true);
    try {
      await out.handle(line);
    } catch (cause) {
      // One line that can't be handled must not end the reading of all others.
      core.lost("output_lost", `${launchId}:${line.start}`, {
        why: "line_not_handled",
        offset: line.start,
        cause: String(cause),
      });
    } finally {
      watch.heard(false);
    }
  }

  async function readAll(): Promise<void> {
    try {
      await readFrom(from.offset);
    } catch (cause) {
      if (reading.signal.aborted) return;
      if (!(cause instanceof RingGapError)) throw cause;
      core.lost("output_lost", `${launchId}:${cause.oldest}`, { why: "not_read_in_time", from: from.offset, oldest: cause.oldest });
      await readFrom(cause.oldest);
    }
  }

  async function run(): Promise<void> {
    try {
      await readAll();
    } catch (cause) {
      if (!reading.signal.aborted) core.lost("output_lost", `${launchId}:unreadable`, { why: "unreadable", cause: String(cause) });
    }
    if (detached) return;
    const exit = await process.exited;
    watch.close();
    if (detached) return;
    ending = true;
    out.replaying = false;
    control.fail(exitError(stderr.text));
    await out.flush();
    const said = failure("agent_exited", stderr.text.trim() || `Claude Code ended (${exit.signal ?? `code ${exit.code}`})`);
    await core.finish(stopping ? { launchId } : { launchId, failure: said });
    onGone();
    context.emit({ type: "exited", front: "remote", ...exit, expected: stopping, ...(stopping ? {} : { failure: said }) });
  }

  async function begin(): Promise<Json> {
    core.outputIsRead();
    void run().finally(ended.resolve);
    core.listen({ onItem: live.recorded });
    return await control.request("initialize", { hooks: {} }, START_MS);
  }

  async function takeOver(): Promise<void> {
    out.replaying = true;
    core.listen({ onItem: live.recorded });
    void run().finally(ended.resolve);
    // The answer stands behind everything Claude said before it.
    await control.request("get_session_cost", {}, CATCH_UP_MS).catch((cause: unknown) => {
      context.log.info("claude.catch_up_unanswered", { cause });
    });
    await core.requests.settled();
    for (const delta of live.whole()) context.emit({ type: "stream", delta });
    out.replaying = false;
    core.requests.announce();
  }

  const exitedWithin = async (ms: number): Promise<boolean> => (await within(clock, ms, process.exited)) !== LATE;

  async function stop(options: { graceMs: number; interrupt: boolean }): Promise<void> {
    stopping = true;
    core.background.ending();
    const deadline = clock.now() + options.graceMs;
    const left = (): number => Math.max(0, deadline - clock.now());
    if (out.busy) await core.stopTurn();
    if (options.interrupt && out.busy) {
      await control
        .request("interrupt", TURN_ONLY, Math.max(500, left()))
        .catch((cause: unknown) => context.log.info("claude.interrupt_failed", { cause }));
      await within(clock, Math.max(500, left()), out.idle());
    }
    // A closed stdin lets a running turn finish; an idle process ends at once. It is closed behind what is still being written, and a Claude
    // that does not read never gets to that: nobody waits for it.
    ignore(process.closeInput(), "a process that is gone has no input");
    if (!(await exitedWithin(Math.max(500, left())))) {
      await process.signal("SIGTERM");
      if (!(await exitedWithin(TERM_WAIT_MS))) await process.signal("SIGKILL");
    }
    await ended.promise;
  }

  return {
    process,
    control,
    get busy() {
      return out.busy;
    },
    begin,
    takeOver,
    send,
    idle: out.idle,
    stop,
    get ending() {
      return ending;
    },
    ended: ended.promise,
    async detach() {
      detached = true;
      out.close();
      watch.close();
      reading.abort();
      control.fail(new AppError("agent_away"));
      ended.resolve();
    },
  };
}

/** What Claude said on stderr is its own reason; some have a code of their own. */
export function exitError(stderr: string): AppError {
  const text = cutTextStart(stderr.trim(), 600);
  if (/already in use/i.test(text)) return new AppError("thread_in_use", text);
  if (/No conversation found/i.test(text)) return new AppError("resume_unavailable", text);
  return new AppError("agent_exited", text === "" ? undefined : `Claude Code ended: ${text}`);
}
