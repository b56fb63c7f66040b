/**
 * The people looking at a session: each a connection with a size. All see the one display. The first output after a pause goes out at
 * once, what follows within a moment goes together; a viewer that can't keep up is moved to the present, and never holds up the program.
 * The program's size is that of the viewer who was active last.
 */
import type { Clock, Connection } from "@hapi/platform/lean";
import type { AgentProcess } from "./agent-process.ts";
import { DisplaySource } from "./display.ts";
import { encodeFrame, encodeJson, frameType } from "./frames.ts";
import { classifyInput } from "./keys.ts";
import type { HostEventMessage } from "./messages.ts";
import type { TypedLine, ViewerInfo } from "./port.ts";
import { TypedLineReader } from "./typed-line.ts";

export const maxViewers = 16;
const coalesceMs = 8;
const screenFrameBytes = 64 << 10;
/** Bytes of one viewer that wait in our memory for its socket. */
const maxBacklogBytes = 256 << 10;
/** Further behind than this is no use to anyone. */
const maxLagBytes = 1 << 20;
const typedEveryMs = 100;
const redrawMs = 40;

export interface Viewer {
  readonly number: number;
  readonly connection: Connection;
  cols: number;
  rows: number;
  /** Offset in the display's ring. */
  cursor: number;
  /** Grows with every sign of life; the highest is the active one. */
  activity: number;
  needsRedraw: boolean;
}

export interface ViewersEvents {
  keys(viewer: number, bytes: Uint8Array): void;
  typed(at: number, line: TypedLine): void;
  changed(viewers: readonly ViewerInfo[]): void;
}

export class Viewers {
  readonly #viewers = new Map<number, Viewer>();
  readonly #clock: Clock;
  readonly #events: ViewersEvents;
  #source = new DisplaySource(null);
  #activity = 0;
  #coalescing = false;
  #hasMore = false;
  #lastKeyAt = 0;
  #lastTypedAt = 0;
  #isTypedDue = false;
  /** Of the program on display. */
  #line = new TypedLineReader();
  #isRedrawing = false;
  /** Somebody typed: what comes next is probably the echo and must not wait for company. */
  #isEchoDue = false;

  constructor(clock: Clock, events: ViewersEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  get display() {
    return this.#source.display;
  }

  /** The program on display, which must not be forgotten. */
  get process(): AgentProcess | null {
    return this.#source.process;
  }

  get infos(): ViewerInfo[] {
    const byActivity = [...this.#viewers.values()].sort((a, b) => b.activity - a.activity);
    return byActivity.map(({ number, cols, rows }) => ({ id: String(number), cols, rows }));
  }

  get active(): Viewer | undefined {
    return [...this.#viewers.values()].reduce<Viewer | undefined>(
      (best, one) => (best && best.activity > one.activity ? best : one),
      undefined,
    );
  }

  add(number: number, connection: Connection, size: { cols: number; rows: number }): Viewer {
    const viewer: Viewer = { number, connection, ...size, cursor: 0, activity: ++this.#activity, needsRedraw: false };
    this.#viewers.set(number, viewer);
    const isDrawingAgain = this.#applySize();
    this.#begin(viewer, "", isDrawingAgain);
    this.#events.changed(this.infos);
    return viewer;
  }

  remove(viewer: Viewer): void {
    if (!this.#viewers.delete(viewer.number)) return;
    this.#applySize();
    this.#events.changed(this.infos);
  }

  resize(viewer: Viewer, cols: number, rows: number): void {
    viewer.cols = cols;
    viewer.rows = rows;
    viewer.activity = ++this.#activity;
    this.#applySize();
    this.#events.changed(this.infos);
  }

  keys(viewer: Viewer, bytes: Uint8Array): void {
    const kind = classifyInput(bytes);
    if (kind === "answer" && this.active !== viewer) return;
    if (kind === "typed") {
      const wasActive = this.active === viewer;
      viewer.activity = ++this.#activity;
      if (!wasActive) {
        this.#applySize();
        this.#events.changed(this.infos);
      }
    }
    const { process } = this.#source;
    if (!process) return this.#events.keys(viewer.number, bytes);
    if (process.exit) return;
    this.#isEchoDue = true;
    process.input.write(bytes.slice()).catch(() => undefined);
    if (kind !== "typed") return;
    const now = this.#clock.now();
    let hasEntered = false;
    this.#line.read(bytes, now, (line) => {
      // At once, and each of them: whoever heard of the last one alone would take the others for taken up.
      hasEntered = true;
      this.#lastKeyAt = now;
      this.#lastTypedAt = now;
      this.#events.typed(now, line);
    });
    if (!hasEntered || this.#line.line.line !== "") this.#noteTyping();
  }

  /** `null` shows what the controller draws. */
  show(process: AgentProcess | null): void {
    if (this.#source.process === process) return;
    for (const viewer of this.#viewers.values()) this.#send(viewer, true);
    const between = `\x1b[0m${this.#source.modes.reset()}`;
    this.#source = new DisplaySource(process);
    this.#line = new TypedLineReader();
    const isDrawingAgain = this.#applySize();
    for (const viewer of this.#viewers.values()) this.#begin(viewer, between, isDrawingAgain);
  }

  draw(text: string, reset: boolean): void {
    if (this.#source.process) return;
    this.#source.draw(text, reset);
    this.#flush();
  }

  /** New bytes of `process` are in its ring. */
  output(process: AgentProcess): void {
    if (this.#source.process !== process) return;
    if (this.#coalescing && !this.#isEchoDue) {
      this.#hasMore = true;
      return;
    }
    this.#isEchoDue = false;
    this.#flush();
  }

  /** Everything that is there goes out now, as far as the sockets take it. */
  flushAll(): void {
    for (const viewer of this.#viewers.values()) this.#send(viewer, true);
  }

  drained(viewer: Viewer): void {
    this.#send(viewer, false);
  }

  tell(message: HostEventMessage): void {
    for (const viewer of this.#viewers.values()) viewer.connection.write(encodeJson(frameType.event, message));
  }

  closeAll(): void {
    for (const viewer of this.#viewers.values()) viewer.connection.end();
  }

  #begin(viewer: Viewer, between: string, isDrawingAgain: boolean): void {
    const beginning = this.#source.beginning();
    this.#write(viewer, Buffer.concat([Buffer.from(between), beginning.bytes]));
    viewer.cursor = beginning.next;
    viewer.needsRedraw = beginning.isCut && !isDrawingAgain;
    this.#redrawIfDue(viewer);
  }

  #flush(): void {
    for (const viewer of this.#viewers.values()) this.#send(viewer, false);
    this.#hasMore = false;
    if (this.#coalescing) return;
    this.#coalescing = true;
    this.#clock.setTimer(coalesceMs, () => {
      this.#coalescing = false;
      if (this.#hasMore) this.#flush();
    });
  }

  #send(viewer: Viewer, isLast: boolean): void {
    const { ring } = this.#source;
    while (viewer.cursor < ring.end) {
      if (viewer.connection.backlog > maxBacklogBytes && !isLast) return;
      if (viewer.cursor < ring.start || ring.end - viewer.cursor > maxLagBytes) {
        const beginning = this.#source.skipAhead();
        this.#write(viewer, beginning.bytes);
        viewer.cursor = beginning.next;
        viewer.needsRedraw = true;
        continue;
      }
      const view = ring.view(viewer.cursor, screenFrameBytes);
      viewer.connection.write(encodeFrame(frameType.screen, view));
      viewer.cursor += view.length;
    }
    this.#redrawIfDue(viewer);
  }

  #write(viewer: Viewer, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += screenFrameBytes)
      viewer.connection.write(encodeFrame(frameType.screen, bytes.subarray(at, at + screenFrameBytes)));
  }

  /** True when the program was told a new size. */
  #applySize(): boolean {
    const { active } = this;
    return active !== undefined && (this.#source.process?.resize(active.cols, active.rows) ?? false);
  }

  /**
   * Programs draw everything again when their size changes, and only then: one row less for a moment. Not while a viewer is behind, and one
   * at a time, or a flood would never end.
   */
  #redrawIfDue(viewer: Viewer): void {
    const { process } = this.#source;
    if (!viewer.needsRedraw || viewer.connection.backlog > 0 || this.#isRedrawing) return;
    viewer.needsRedraw = false;
    if (!process || process.exit) return;
    const { cols, rows } = process.size;
    this.#isRedrawing = true;
    process.resize(cols, Math.max(1, rows - 1));
    this.#clock.setTimer(redrawMs, () => {
      this.#isRedrawing = false;
      // Somebody may have resized it meanwhile.
      if (process.size.cols === cols && process.size.rows === Math.max(1, rows - 1)) process.resize(cols, rows);
      this.#applySize();
      // Whoever is up to date sees what is drawn now.
      for (const one of this.#viewers.values()) {
        if (one.connection.backlog === 0) one.needsRedraw = false;
        this.#redrawIfDue(one);
      }
    });
  }

  /** What stands in the shown program's line by the keys alone; null: nothing was typed into it. */
  get typed(): { at: number; typed: TypedLine } | null {
    const { line } = this.#line;
    return line.line === "" && !line.hasWords ? null : { at: this.#lastKeyAt, typed: line };
  }

  #noteTyping(): void {
    const now = this.#clock.now();
    this.#lastKeyAt = now;
    if (now - this.#lastTypedAt >= typedEveryMs) {
      this.#lastTypedAt = now;
      this.#events.typed(now, this.#line.line);
      return;
    }
    if (this.#isTypedDue) return;
    this.#isTypedDue = true;
    this.#clock.setTimer(typedEveryMs, () => {
      this.#isTypedDue = false;
      this.#lastTypedAt = this.#clock.now();
      this.#events.typed(this.#lastKeyAt, this.#line.line);
    });
  }
}
