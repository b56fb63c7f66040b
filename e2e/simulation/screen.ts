/**
 * The screens and keyboards at a host: who looks, what is shown to them, and where their keys go. What stands in the line is read as a host reads it,
 * and told to the session process that steers; an Enter that nobody heard is told to the next one.
 */
import { type Display, type HostEvents, type TypedLine, TypedLineReader, type ViewerInfo } from "@hapi/host";
import type { Chance } from "./random.ts";
import type { Life, VirtualTime } from "./time.ts";

type EventName = keyof HostEvents;

export interface SimScreen {
  readonly display: Display;
  readonly viewers: readonly ViewerInfo[];
  attach(id: string): void;
  detach(id: string): void;
  type(id: string, keys: string): void;
  show(display: Display): void;
  /** The port's `on`, of one session process. */
  listen<E extends EventName>(life: Life, event: E, listener: HostEvents[E]): () => void;
}

export interface ScreenOptions {
  time: VirtualTime;
  chance: Chance;
  /** Keys for the program on display. False: it is gone. */
  input(launchId: string, keys: string): boolean;
}

/** How often typing is told. */
const TYPED_EVERY_MS = 100;

interface Hearer {
  life: Life;
  event: EventName;
  listener: (...args: unknown[]) => void;
}

export function createScreen({ time, chance, input }: ScreenOptions): SimScreen {
  const viewers: ViewerInfo[] = [];
  const hearers = new Set<Hearer>();
  let display: Display = { kind: "controller" };
  let line = new TypedLineReader();
  let lastTypedAt = -TYPED_EVERY_MS;
  let isTypedDue = false;
  let arrivesAt = 0;
  let untold: { at: number; typed: TypedLine }[] = [];

  /** In order, as on one connection. */
  function soon(run: () => void): void {
    arrivesAt = Math.max(arrivesAt, time.now + chance.between(0, 3));
    time.after(arrivesAt - time.now, run);
  }

  function tell<E extends EventName>(event: E, ...args: Parameters<HostEvents[E]>): boolean {
    const hearing = [...hearers].filter((one) => one.life.alive && one.event === event);
    for (const one of hearing) soon(() => one.life.alive && hearers.has(one) && one.listener(...args));
    return hearing.length > 0;
  }

  function tellTyped(at: number, typed: TypedLine): void {
    if (!tell("viewerTyped", at, typed)) untold = [...untold, { at, typed }];
  }

  function noteTyping(): void {
    const now = time.now;
    if (now - lastTypedAt >= TYPED_EVERY_MS) {
      lastTypedAt = now;
      return tellTyped(now, line.line);
    }
    if (isTypedDue) return;
    isTypedDue = true;
    time.after(TYPED_EVERY_MS, () => {
      isTypedDue = false;
      lastTypedAt = time.now;
      tellTyped(now, line.line);
    });
  }

  /** Whoever begins to steer hears what was entered meanwhile, and what stands in the line. */
  function catchUp(): void {
    const missed = untold;
    untold = [];
    for (const { at, typed } of missed) tell("viewerTyped", at, typed);
    const { line: text, hasWords } = line.line;
    if (text === "" && !hasWords) return;
    tell("viewerTyped", time.now, missed.length > 0 ? line.line : { ...line.line, entered: null });
  }

  return {
    get display() {
      return display;
    },
    get viewers() {
      return viewers;
    },
    attach(id) {
      if (viewers.some((one) => one.id === id)) return;
      viewers.push({ id, cols: 80, rows: 24 });
      tell("viewers", [...viewers]);
    },
    detach(id) {
      const at = viewers.findIndex((one) => one.id === id);
      if (at < 0) return;
      viewers.splice(at, 1);
      tell("viewers", [...viewers]);
    },
    type(id, keys) {
      if (!viewers.some((one) => one.id === id)) return;
      const bytes = new TextEncoder().encode(keys);
      if (display.kind === "controller") return void tell("viewerInput", { viewerId: id, bytes });
      if (!input(display.launchId, keys)) return;
      let hasEntered = false;
      line.read(bytes, time.now, (typed) => {
        hasEntered = true;
        lastTypedAt = time.now;
        tellTyped(time.now, typed);
      });
      if (!hasEntered || line.line.line !== "") noteTyping();
    },
    show(next) {
      if (next.kind === display.kind && (next.kind === "controller" || next.launchId === (display as { launchId: string }).launchId))
        return;
      display = next;
      line = new TypedLineReader();
    },
    listen(life, event, listener) {
      const hearer = { life, event, listener: listener as Hearer["listener"] };
      hearers.add(hearer);
      if (event === "viewerTyped") catchUp();
      return () => void hearers.delete(hearer);
    },
  };
}
