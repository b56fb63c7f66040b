/**
 * What people should hear of who comes in: new devices, and sign-ins that failed. Bounded whatever comes: an address block is one entry and told once in
 * ten minutes, beyond a few blocks all others are one, and failures never push devices out of the list. Kept, so that a restart hides nothing.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { shortText } from "@hapi/core";
import { attempt, type Clock, writeFileAtomic } from "@hapi/platform";
import { parser } from "@hapi/protocol";
import { type SignInNotice, signInNotices } from "@hapi/protocol/credentials";
import type { Caller } from "./caller.ts";

/** One block is told no oftener. */
export const quietMs = 10 * 60_000;
/** New blocks within that time; more are one entry. */
const maxFresh = 6;
const maxFailed = 20;
const maxDevices = 30;
/** An address is short; what is longer is none. */
const maxText = 80;

const EVERYBODY_ELSE = "many addresses";

export interface NoticeStore {
  read(): readonly SignInNotice[];
  write(notices: readonly SignInNotice[]): void;
}

export interface SignInNotices {
  failed(caller: Caller): void;
  device(made: { name: string; namespace: string; credentialId: string }, caller: Caller): void;
  /** Latest first. */
  list(): SignInNotice[];
}

export interface NoticeOptions {
  store: NoticeStore;
  clock: Pick<Clock, "now">;
  /** For those who are signed in, in that namespace. */
  tell(notice: SignInNotice): void;
}

export function createSignInNotices({ store, clock, tell }: NoticeOptions): SignInNotices {
  const kept = attempt(() => store.read(), "a list of what was; it begins anew") ?? [];
  const failed = new Map(kept.filter(({ kind }) => kind === "failed").map((one) => [one.from, one]));
  const devices = kept.filter(({ kind }) => kind === "device");
  let fresh: number[] = [];
  const all = (): SignInNotice[] => [...failed.values(), ...devices].toSorted((a, b) => b.at - a.at);
  const put = (notice: SignInNotice, isTold: boolean): void => {
    attempt(() => store.write(all()), "the list is a help, and whoever signs in must not wait for a disk");
    if (isTold) tell(notice);
  };
  /** A clock that was set back makes nothing fresh for ever. */
  const isRecent = (at: number): boolean => Math.abs(clock.now() - at) < quietMs;
  const placeFor = (from: string): string => {
    fresh = fresh.filter(isRecent);
    return failed.has(from) || fresh.length < maxFresh ? from : EVERYBODY_ELSE;
  };
  return {
    failed({ key, isLocal }) {
      const now = clock.now();
      const from = placeFor(shortText(key, maxText));
      const known = failed.get(from);
      const count = (known?.count ?? 0) + 1;
      if (known && isRecent(known.at)) return void failed.set(from, { ...known, count });
      const notice: SignInNotice = { kind: "failed", at: now, from, count };
      if (from !== EVERYBODY_ELSE) fresh.push(now);
      // Anew at the end: the first is the one that was quiet longest.
      failed.delete(from);
      failed.set(from, notice);
      if (failed.size > maxFailed) failed.delete(failed.keys().next().value as string);
      // A program of this computer with an old secret is nobody who is to be feared, and tries for ever.
      put(notice, !isLocal);
    },
    device({ name, namespace, credentialId }, { key }) {
      const notice: SignInNotice = {
        kind: "device",
        at: clock.now(),
        from: shortText(key, maxText),
        name: shortText(name, maxText),
        namespace,
      };
      devices.unshift({ ...notice, credentialId });
      devices.length = Math.min(devices.length, maxDevices);
      put({ ...notice, credentialId }, true);
    },
    list: all,
  };
}

export const forgetfulNotices: NoticeStore = { read: () => [], write: () => undefined };

const readNotices = parser(signInNotices);

/** `sign-ins.json`, for its owner's eyes: a few kilobytes. */
export function fileNotices(home: string): NoticeStore {
  const path = join(home, "sign-ins.json");
  return {
    read: () => readNotices(JSON.parse(readFileSync(path, "utf8")))?.notices ?? [],
    write: (notices) => writeFileAtomic(path, JSON.stringify({ notices }), { mode: 0o600, volatile: true }),
  };
}
