/**
 * What a person has looked at, which is the hub's to know: seen on one device is seen on all. Until the hub has it this device goes by its own
 * word; marks made without a network wait here, also over a restart.
 */
import { parseJson } from "@hapi/core";
import { isUntold } from "./seen.model.ts";
import { hubLink } from "./link.ts";
import { type SeenMark, useHub } from "./store.ts";

const KEY = "hapi_seen_untold";
/** One device's reckoning, before the hub had it. */
const OLD_KEY = "hapi_seen";
const MAX_ENTRIES = 500;
/** A conversation on screen is seen again with every end of a turn: told in one go. */
const TELL_AFTER_MS = 800;
/** A mark the hub has taken but does not repeat (an older one does not): from then on its word counts. */
const FORGET_AFTER_MS = 10_000;

function isMarks(value: unknown): value is Record<string, SeenMark> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((mark: unknown) => typeof mark === "object" && mark !== null && "at" in mark && typeof mark.at === "number")
  );
}

function keep(seen: Readonly<Record<string, SeenMark>>): void {
  useHub.setState({ seen });
  const untold = Object.entries(seen).slice(-MAX_ENTRIES);
  if (untold.length === 0) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(untold)));
}

export function restoreSeen(): void {
  localStorage.removeItem(OLD_KEY);
  const stored = parseJson(localStorage.getItem(KEY) ?? "{}");
  keep(isMarks(stored) ? stored : {});
}

export function forgetSeen(): void {
  keep({});
}

const timers = new Map<string, ReturnType<typeof setTimeout>>();

function later(id: string, ms: number, work: () => void): void {
  clearTimeout(timers.get(id));
  timers.set(
    id,
    setTimeout(() => {
      timers.delete(id);
      work();
    }, ms),
  );
}

function drop(id: string, mark: SeenMark): void {
  const { seen } = useHub.getState();
  if (seen[id] !== mark) return;
  const { [id]: _told, ...rest } = seen;
  keep(rest);
}

/** What the hub does not take now waits for the next connection. */
function tell(id: string): void {
  const { auth, seen } = useHub.getState();
  const mark = seen[id];
  if (!mark || auth !== "signed-in") return;
  hubLink()
    .api.sessions.seen(id, mark.at, mark.back === true)
    .then(
      () => later(id, FORGET_AFTER_MS, () => drop(id, mark)),
      (cause: unknown) => {
        // gone: nobody can have seen it
        if (typeof cause === "object" && cause !== null && "status" in cause && cause.status === 404) drop(id, mark);
      },
    );
}

function put(id: string, mark: SeenMark): void {
  const { [id]: _before, ...rest } = useHub.getState().seen;
  keep({ ...rest, [id]: mark });
  later(id, TELL_AFTER_MS, () => tell(id));
}

/** Somebody has it before their eyes: everything up to that time was seen. */
export function markSeen(id: string, at: number): void {
  const { seen, summaries } = useHub.getState();
  if (at > (seen[id]?.at ?? summaries[id]?.seenAt ?? 0)) put(id, { at });
}

export function markUnread(id: string, newsAt: number): void {
  put(id, { at: newsAt - 1, back: true });
}

/** The hub's word has come, or it can be told again. */
export function watchSeen(): void {
  useHub.subscribe((now, before) => {
    if (now.summaries !== before.summaries) {
      const untold = Object.entries(now.seen).filter(([id, mark]) => isUntold(mark, now.summaries[id]?.seenAt));
      if (untold.length < Object.keys(now.seen).length) keep(Object.fromEntries(untold));
    }
    if (now.connection.phase === "online" && before.connection.phase !== "online") for (const id of Object.keys(now.seen)) tell(id);
  });
}
