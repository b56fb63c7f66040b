/** What a real OpenCode said, played to the driver's translation without a server: the events as they came, cut where a test wants a crash. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@hapi/platform/lean";
import { createMemoryHost } from "@hapi/testkit";
import type { DriverContext, DriverEvent, DriverMemory } from "../driver.ts";
import { fields, text, type Fields } from "../shared/read.ts";
import { hear, type Hearing } from "./hearing.ts";
import { createMirror, readMessage } from "./mirror.ts";
import { newState, type OpenCodeState, type Translation } from "./state.ts";
import { tell } from "./teller.ts";

/** `turns`: one conversation with everything OpenCode does in a turn; `sub-agents`: another, with a sub-agent and a prompt during a turn (1.18.33). */
export function recordedEvents(name: "turns" | "sub-agents"): Fields[] {
  const file = join(import.meta.dir, "../../../testkit/src/recorded/opencode", `${name}.jsonl`);
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.flatMap((line) => {
    const { sse } = fields(JSON.parse(line));
    return sse === undefined ? [] : [fields(sse)];
  });
}

export const threadOf = (events: readonly Fields[]): string => {
  const created = events.find((event) => event["type"] === "session.created");
  return text(fields(fields(created?.["properties"])["info"])["id"]) ?? "";
};

export function memoryContext(emit: (event: DriverEvent) => void): DriverContext {
  const values = new Map<string, unknown>();
  const memory: DriverMemory = {
    get: <T>(key: string) => values.get(key) as T | undefined,
    commit(more) {
      for (const [key, value] of Object.entries(more)) values.set(key, structuredClone(value));
      return Promise.resolve();
    },
  };
  const nothing = () => undefined;
  return {
    sessionId: "recorded",
    cwd: "/",
    env: {},
    host: createMemoryHost(),
    memory,
    clock: systemClock,
    sessionDir: "/",
    hookCommand: ["false"],
    hookEnv: {},
    log: { debug: nothing, info: nothing, warn: nothing },
    emit,
  };
}

export interface Played {
  hearing: Hearing;
  told: DriverEvent[];
  allowed: string[];
}

export function listener(state: OpenCodeState): Played {
  const told: DriverEvent[] = [];
  const allowed: string[] = [];
  const emit = (event: DriverEvent) => void told.push(structuredClone(event));
  const to: Translation = {
    state,
    mirror: createMirror(),
    context: memoryContext(emit),
    told: new Set(),
    unknown: {},
    windows: new Map([["fake/alpha", 100_000]]),
    shownModel: null,
    isBusy: false,
    emit,
  };
  return { hearing: { to, title: null, allow: (id) => void allowed.push(id), refuse: () => undefined }, told, allowed };
}

export function play(events: readonly Fields[], state: OpenCodeState = newState(threadOf(events), null)): Played {
  const played = listener(state);
  for (const event of events) hear(played.hearing, text(event["type"]) ?? "", event);
  return played;
}

/** A driver that begins anew on what OpenCode's record holds by then, and hears the rest. */
export function playFrom(before: Played, rest: readonly Fields[]): Played {
  const { to } = before.hearing;
  const played = listener(structuredClone(to.state));
  const next = played.hearing.to;
  next.isBusy = to.isBusy;
  for (const [child, parent] of to.mirror.parents) next.mirror.parents.set(child, parent);
  for (const session of to.mirror.sessions.values())
    for (const { info, parts } of session.values()) readMessage(next.mirror, { info, parts: [...parts.values()].map(({ raw }) => raw) });
  tell(next);
  for (const event of rest) hear(played.hearing, text(event["type"]) ?? "", event);
  return played;
}

/** One line per event that a person would see. */
export function story(told: readonly DriverEvent[]): string[] {
  const seen = new Set<string>();
  return told.flatMap((event) => {
    if (event.type === "request") return [`asks ${event.request.kind} ${event.request.tool}`];
    if (event.type === "request-closed") return [`${event.outcome} by ${event.by}`];
    if (event.type !== "record" || seen.has(event.key)) return [];
    seen.add(event.key);
    const { event: record } = event;
    const parent = record.parent === undefined ? "" : "  ";
    switch (record.type) {
      case "user-message":
      case "agent-message":
      case "thought":
        return [`${parent}${record.type}: ${record.text.slice(0, 40)}`];
      case "tool-call":
        return [`${parent}call ${record.tool} (${record.kind}): ${record.title}`];
      case "tool-result":
        return [`${parent}result ${record.status}`];
      case "turn-ended":
        return [`turn ${record.outcome}${record.failure ? ` ${record.failure.code}` : ""}`];
      case "plan":
        return [`plan ${record.entries.map(({ content, status }) => `${content}=${status}`).join(" ")}`];
      case "retrying":
        return [`retrying ${record.attempt}/${record.maxAttempts} ${record.failure.code}`];
      case "usage":
      case "turn-started":
        return [];
      default:
        return [`${parent}${record.type}`];
    }
  });
}
