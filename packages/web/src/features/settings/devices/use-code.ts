/** What becomes of a one-time code while it is on the screen: how long it is good for, and who used it. */
import type { OneTimeCode } from "@hapi/client/credentials";
import { type AppError, toAppError } from "@hapi/protocol";
import { useEffect, useState } from "react";
import { devicesApi } from "./use-devices.ts";

/** Somebody stands there with the other device in their hand. */
const ASK_EVERY_MS = 2_000;
const TICK_MS = 1_000;
/** Past its end the hub is still asked whether it was used in its last moment. */
const LAST_WORD_MS = 2 * ASK_EVERY_MS;

export type CodeFate =
  | { kind: "open"; leftMs: number; error: AppError | null }
  | { kind: "used"; at: number; name: string }
  | { kind: "over" };

/** By this device's clock, which need not agree with the hub's. */
export const endOf = ({ expiresAt, expiresInMs }: OneTimeCode, now: number): number =>
  expiresInMs === undefined ? expiresAt : now + expiresInMs;

/** `endsAt`: in ms by this device's clock. `onUsed`: somebody is in the list who was not. */
export function useCode({ id }: OneTimeCode, endsAt: number, onUsed: () => void): CodeFate {
  const [fate, setFate] = useState<CodeFate>({ kind: "open", leftMs: endsAt - Date.now(), error: null });
  const isOpen = fate.kind === "open";
  useEffect(() => {
    if (!isOpen) return;
    const overAtMs = id === undefined ? 0 : -LAST_WORD_MS;
    const tick = setInterval(() => {
      const leftMs = endsAt - Date.now();
      setFate((now) => (now.kind !== "open" ? now : leftMs <= overAtMs ? { kind: "over" } : { ...now, leftMs }));
    }, TICK_MS);
    return () => clearInterval(tick);
  }, [isOpen, id, endsAt]);
  useEffect(() => {
    // a hub that can't say is not asked
    if (!isOpen || id === undefined) return;
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const ask = async (): Promise<void> => {
      try {
        const { state, usedAt, device } = await devicesApi().codeState(id, leaving.signal);
        if (leaving.signal.aborted) return;
        if (state === "used") {
          setFate({ kind: "used", at: usedAt ?? Date.now(), name: device?.name ?? "" });
          return onUsed();
        }
        if (state === "over") return setFate({ kind: "over" });
        setFate((now) => (now.kind === "open" ? { ...now, error: null } : now));
      } catch (cause) {
        if (leaving.signal.aborted) return;
        setFate((now) => (now.kind === "open" ? { ...now, error: toAppError(cause) } : now));
      }
      timer = setTimeout(() => void ask(), ASK_EVERY_MS);
    };
    timer = setTimeout(() => void ask(), ASK_EVERY_MS);
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [isOpen, id, onUsed]);
  return fate;
}
