/**
 * The demo agent's own front end in the terminal, as its driver sees it: a program on a PTY under the host, and the record it writes. Whatever
 * the program draws is a sign that the record may have grown; what is told comes from the record only.
 */
import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { RingGapError, type ExitStatus, type HostProcess } from "@hapi/host";
import { LATE, within } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol";
import { endAgent } from "../acp/start.ts";
import { hasExited } from "../shared/process-end.ts";
import type { DriverContext, RequestAnswer, StartOptions } from "../driver.ts";
import { demoDir } from "./agent.ts";
import { emptyAnswers, giveAnswer } from "./answers.ts";
import { demoEnv } from "./profile.ts";
import { recordFile } from "./record.ts";
import { feedRecord, type FeedState, type RecordFeed } from "./record-feed.ts";

const KEY = "demo.local";
/** How long an answer waits for the record to show whose was first. */
const RECORD_MS = 3_000;

interface LocalMemory {
  launchId: string;
  count: number;
  feed: FeedState;
}

interface Running {
  process: HostProcess;
  feed: RecordFeed;
  gone: Promise<void>;
  expected: boolean;
  over: boolean;
}

export const answersDir = (sessionDir: string): string => join(sessionDir, "demo-answers");

export class DemoLocalFront {
  readonly #context: DriverContext;
  readonly #command: readonly string[];
  readonly #dir: string;
  /** Where its program finds what is answered elsewhere. */
  readonly #answers: string;
  readonly #detach = new AbortController();
  #running: Running | null = null;

  constructor(context: DriverContext, command: readonly string[]) {
    this.#context = context;
    this.#command = command;
    this.#dir = demoDir(demoEnv(context.env));
    this.#answers = answersDir(context.sessionDir);
  }

  get threadId(): string | null {
    return this.#context.memory.get<LocalMemory>(KEY)?.feed.threadId ?? null;
  }

  get isRunning(): boolean {
    return this.#running?.over === false;
  }

  get busy(): boolean {
    return this.isRunning && this.#running?.feed.state.turn !== null;
  }

  async start(options: StartOptions): Promise<void> {
    const context = this.#context;
    const threadId = options.threadId ?? `demo-${randomUUID()}`;
    const before = context.memory.get<LocalMemory>(KEY);
    const count = (before?.count ?? 0) + 1;
    const launchId = `demo-tui-${count}-${context.clock.now().toString(36)}`;
    const offset = statSync(recordFile(this.#dir, threadId), { throwIfNoEntry: false })?.size ?? 0;
    if (offset === 0 && before?.feed.threadId === threadId && before.feed.offset > 0)
      throw new AppError("resume_unavailable", "The demo agent does not know this conversation any more");
    // Only what is said from now on is new; the rest is history already.
    const memory: LocalMemory = { launchId, count, feed: { threadId, offset, turn: null } };
    await context.memory.commit({ [KEY]: structuredClone(memory) });
    const flags = [
      ...(options.permissionMode ? ["--mode", options.permissionMode] : []),
      ...(options.model ? ["--model", options.model] : []),
    ];
    emptyAnswers(this.#answers);
    const argv = [...this.#command, "--thread", threadId, "--answers", this.#answers, ...flags, ...options.args];
    const env = demoEnv(context.env);
    const { cols, rows } = options;
    const process = await context.host.spawn({ launchId, kind: "pty", argv, cwd: context.cwd, env, cols, rows });
    context.emit({ type: "thread", threadId });
    this.#follow(process, memory);
  }

  /** True: its program still runs. */
  async adopt(): Promise<boolean> {
    const memory = this.#context.memory.get<LocalMemory>(KEY);
    if (!memory?.launchId) return false;
    const own = structuredClone(memory);
    const process = this.#context.host.process(memory.launchId);
    if (!process) {
      // With its host. The record says what came of it.
      const feed = this.#feed(own);
      feed.catchUp();
      feed.close();
      await this.#context.memory.commit({ [KEY]: { ...own, launchId: "" } });
      return false;
    }
    const wasGone = await hasExited(process);
    this.#context.emit({ type: "thread", threadId: memory.feed.threadId });
    const running = this.#follow(process, own);
    running.feed.announce();
    this.#context.emit({ type: "thinking", thinking: this.busy });
    if (wasGone) await running.gone;
    return !wasGone;
  }

  #feed(memory: LocalMemory): RecordFeed {
    return feedRecord(this.#context, this.#dir, memory.feed, () => ({ [KEY]: structuredClone(memory) }));
  }

  #follow(process: HostProcess, memory: LocalMemory): Running {
    const feed = this.#feed(memory);
    const running: Running = { process, feed, gone: Promise.resolve(), expected: false, over: false };
    this.#running = running;
    feed.catchUp();
    running.gone = this.#watch(running, memory);
    running.gone.catch((cause: unknown) => this.#context.log.warn("demo.reading_failed", { cause }));
    return running;
  }

  async #watch(running: Running, memory: LocalMemory): Promise<void> {
    const { process, feed } = running;
    for (let from: number | null = 0; from !== null;) from = await this.#untilEnd(process, from, () => feed.catchUp());
    const exit = await process.exited;
    if (this.#detach.signal.aborted) return;
    feed.catchUp();
    feed.close();
    running.over = true;
    await this.#context.memory.commit({ [KEY]: { ...memory, launchId: "" } });
    this.#told(exit, running.expected);
  }

  /** Where to go on after a gap; null at the end. */
  async #untilEnd(process: HostProcess, from: number, drawn: () => void): Promise<number | null> {
    try {
      for await (const chunk of process.read("out", from, this.#detach.signal)) {
        if (chunk.bytes.length === 0) continue;
        await this.#context.room?.();
        drawn();
      }
      return null;
    } catch (cause) {
      if (this.#detach.signal.aborted) return null;
      if (cause instanceof RingGapError) return cause.oldest;
      throw cause;
    }
  }

  #told({ code, signal }: ExitStatus, expected: boolean): void {
    this.#context.emit({ type: "exited", front: "local", code, signal, expected });
  }

  /** The first answer is taken, here or in the terminal; the record says which one it was. */
  async answer(requestId: string, answer: RequestAnswer): Promise<"applied" | "sent" | "gone"> {
    const feed = this.#running?.feed;
    const reply = this.isRunning ? feed?.reply(requestId, answer) : null;
    if (!feed || !reply) return "gone";
    const ended = feed.ended(requestId);
    giveAnswer(this.#answers, feed.state.threadId, reply.id, reply.result);
    const by = await within(this.#context.clock, RECORD_MS, ended);
    if (by === LATE) return "sent";
    if (by === "remote" && answer.behavior === "deny" && answer.interrupt) await this.interrupt();
    return by === "remote" ? "applied" : "gone";
  }

  /** Its own key for stopping a turn. */
  async interrupt(): Promise<void> {
    if (this.busy) await this.#running?.process.write("\x03");
  }

  async stop(options: { graceMs: number; interrupt?: boolean }): Promise<void> {
    const running = this.#running;
    if (!running || running.over) return;
    if (options.interrupt) await this.interrupt();
    running.expected = true;
    await running.process.signal("SIGTERM");
    await endAgent(running.process, this.#context.clock, options.graceMs);
    await running.gone;
  }

  async settled(): Promise<void> {
    if (this.#running?.over) await this.#running.gone;
  }

  detach(): void {
    this.#detach.abort();
  }

  refuse(): never {
    throw new AppError("apply_failed", "The demo agent takes this in the terminal only when it starts; switch to remote first");
  }
}
