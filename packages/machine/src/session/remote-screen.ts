/**
 * The remote screen on all viewers: drawn while the session process holds the display, at most ten times a second, for the smallest viewer.
 * Reads the viewers' keys: space twice and Ctrl-C twice, counted per viewer.
 */
import { type HostControl, TypedLineReader } from "@hapi/host";
import type { Clock } from "@hapi/platform";
import type { DriverLog } from "@hapi/agents";
import { cutText, shortText } from "@hapi/core";
import { createKeyReader, createRegainCounter, REGAIN_WINDOW_MS } from "./regain-keys.ts";
import { drawFrame, ENTER_SCREEN, LEAVE_SCREEN } from "./screen-frame.ts";
import type { ScreenModel } from "./screen-model.ts";
import type { StatusLine } from "./status-text.ts";

const REDRAW_EVERY_MS = 100;
const DEFAULT_SIZE = { cols: 80, rows: 24 };
const MAX_VIEWERS = 64;
const MAX_WORDS = 16_384;
/** The host keeps 256 KiB of drawing for viewers that attach later. */
const AFRESH_AFTER_CHARS = 48 * 1024;

export interface RemoteScreen {
  show(): Promise<void>;
  /** Before the agent's own front end takes the display. */
  hide(): Promise<void>;
  /** What was typed at it that is no key of its own; and it begins anew. */
  takeWords(): string;
  /** What is shown changed. */
  touch(): void;
  close(): void;
}

export interface RemoteScreenDeps {
  host: HostControl;
  model: ScreenModel;
  canRegain: boolean;
  /** A turn runs. */
  isWorking(): boolean;
  status(): StatusLine;
  /** What the end of the session would end besides, in words that follow; empty: nothing. */
  alsoEnds(): string;
  /** Prompts that wait. */
  queued(): number;
  regain(): void;
  exit(): void;
  clock: Clock;
  log: DriverLog;
}

interface Reader {
  read: ReturnType<typeof createKeyReader>;
  count: ReturnType<typeof createRegainCounter>;
  line: TypedLineReader;
}

const MAX_WORDS_SHOWN = 200;

export function createRemoteScreen(deps: RemoteScreenDeps): RemoteScreen {
  const { host, model, clock } = deps;
  let shown = false;
  let timer: (() => void) | undefined;
  let lastDrawn = 0;
  let drawnChars = 0;
  let hint: { text: string; until: number } | null = null;
  const readers = new Map<string, Reader>();
  let words = "";

  function size(): { cols: number; rows: number } {
    const viewers = host.viewers().filter((viewer) => viewer.cols > 0 && viewer.rows > 0);
    if (viewers.length === 0) return DEFAULT_SIZE;
    return { cols: Math.min(...viewers.map((viewer) => viewer.cols)), rows: Math.min(...viewers.map((viewer) => viewer.rows)) };
  }

  function hintNow(): string | null {
    if (hint && clock.now() >= hint.until) hint = null;
    return hint?.text ?? null;
  }

  function alert(): string | null {
    const said = hintNow();
    if (said !== null) return said;
    const { request } = model;
    if (request === null)
      return words.trim() === "" ? null : `Not sent, kept for the terminal: ${shortText(words.trim(), MAX_WORDS_SHOWN)}`;
    if (request.answered === null) return `Waiting for an answer: ${request.text}`;
    return `${request.answered === "allow" ? "Allow" : "Deny"} was sent, waiting for the agent: ${request.text}`;
  }

  function picture(): string {
    const status = deps.status();
    return drawFrame({
      ...size(),
      canRegain: deps.canRegain,
      waitsFor: model.request !== null ? "answer" : deps.isWorking() ? "nothing" : "input",
      lines: model.lines,
      status: status.asked ? status.text : (model.tool ?? status.text),
      busy: status.busy,
      alert: status.asked ? hintNow() : alert(),
    });
  }

  /** A whole beginning: what a viewer that attaches later is shown first. */
  async function drawAfresh(): Promise<void> {
    const text = ENTER_SCREEN + picture();
    lastDrawn = clock.now();
    drawnChars = text.length;
    await host.draw(text, { reset: true });
  }

  async function draw(): Promise<void> {
    if (drawnChars > AFRESH_AFTER_CHARS) return drawAfresh();
    const text = picture();
    lastDrawn = clock.now();
    drawnChars += text.length;
    await host.draw(text);
  }

  const drawn = (drawing: Promise<void>): void => {
    drawing.catch((cause: unknown) => deps.log.debug("screen.not_drawn", { cause }));
  };

  function touch(): void {
    if (!shown || timer) return;
    timer = clock.setTimer(Math.max(0, lastDrawn + REDRAW_EVERY_MS - clock.now()), () => {
      timer = undefined;
      if (shown) drawn(draw());
    });
  }

  function pressed(viewerId: string, bytes: Uint8Array): void {
    if (!shown) return;
    let keys = readers.get(viewerId);
    if (!keys) {
      if (readers.size >= MAX_VIEWERS) readers.clear();
      keys = { read: createKeyReader(), count: createRegainCounter(() => clock.now()), line: new TypedLineReader() };
      readers.set(viewerId, keys);
    }
    if (deps.canRegain) for (const piece of linesOf(bytes)) collect(keys.line, piece);
    for (const key of keys.read(bytes)) {
      const action = keys.count(key);
      if (action === "regain") {
        // What is said to that stands where the hint stood.
        hint = null;
        return deps.regain();
      }
      if (action === "exit") return deps.exit();
      hint = hintOf(action);
      touch();
    }
  }

  /** Somebody types as if the terminal were theirs: nothing of it goes to the agent, and nothing of it is lost. */
  function collect(reader: TypedLineReader, bytes: Uint8Array): void {
    const before = reader.line;
    reader.read(bytes, clock.now());
    const { line, entered } = reader.line;
    const done = entered !== null && entered !== before.entered ? `${entered.text ?? ""}\n` : "";
    const base = words.endsWith(before.line ?? "") ? words.slice(0, words.length - (before.line ?? "").length) : words;
    if (line !== null) words = cutText(base + done + line, MAX_WORDS);
    touch();
  }

  function hintOf(action: string | null): typeof hint {
    if (action === null || (action === "armed-regain" && !deps.canRegain)) return null;
    const held = deps.queued() > 0 ? "; what waits in the queue is held meanwhile" : "";
    const text =
      action === "armed-regain" ? `Press space again to regain control${held}` : `Press Ctrl-C again to end the session${deps.alsoEnds()}`;
    clock.setTimer(REGAIN_WINDOW_MS, touch);
    return { text, until: clock.now() + REGAIN_WINDOW_MS };
  }

  const off = [
    host.on("viewerInput", ({ viewerId, bytes }) => pressed(viewerId, bytes)),
    host.on("viewers", (viewers) => {
      for (const id of readers.keys()) if (!viewers.some((viewer) => viewer.id === id)) readers.delete(id);
      touch();
    }),
  ];

  return {
    async show() {
      if (!shown) {
        shown = true;
        hint = null;
        await host.setDisplay({ kind: "controller" });
      }
      await drawAfresh();
    },
    async hide() {
      if (!shown) return;
      shown = false;
      timer?.();
      timer = undefined;
      await host.draw(LEAVE_SCREEN, { reset: true });
    },
    takeWords() {
      const taken = words;
      words = "";
      readers.clear();
      return taken;
    },
    touch,
    close() {
      shown = false;
      timer?.();
      for (const stop of off) stop();
    },
  };
}

/** Each Enter ends a piece. */
function linesOf(bytes: Uint8Array): Uint8Array[] {
  const at = bytes.indexOf(0x0d);
  return at < 0 || at === bytes.length - 1 ? [bytes] : [bytes.subarray(0, at + 1), ...linesOf(bytes.subarray(at + 1))];
}
