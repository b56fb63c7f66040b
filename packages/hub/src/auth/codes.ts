/**
 * Codes that sign one device in: ten minutes, once. In memory only: a hub that was started anew knows none. Long enough that nobody guesses one in
 * its time at the rate the door allows, and short enough to be typed.
 */
import { randomToken, type Clock } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import type { Role } from "@hapi/protocol/scopes";
import { digestOf } from "./access-token.ts";

export const codeLifetimeMs = 10 * 60_000;
/** Nobody has more open at once; the oldest makes room. So many that were used are known, too. */
const maxOpen = 50;
/** Without letters that are taken for digits. */
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const length = 12;

/** What whoever has the code becomes. */
export interface Invitation {
  /** Whose: when that one may make none any more, it is good no more. */
  by: string;
  namespace: string;
  role: Role;
}

export interface OneTimeCode {
  /** By which whoever made it asks what became of it; lets nobody in. */
  id: string;
  /** `ABCD-EFGH-JKMN` */
  code: string;
  expiresAt: number;
}

/** Which device it made, and when in ms. */
export interface UsedCode {
  usedAt: number;
  credentialId: string;
}

type Open = Invitation & Pick<OneTimeCode, "id" | "expiresAt">;
/** Null: its device is being made. */
type Spent = Open & { used: UsedCode | null };

export interface Codes {
  make(invitation: Invitation): OneTimeCode;
  /** @throws `code_refused` */
  use(code: string): Invitation & Pick<OneTimeCode, "id">;
  /** The device that came of it is there. */
  wasUsed(id: string, used: UsedCode): void;
  /** By its id, for the one who made it, or by the code itself, whose holder could use it up as well. False: it was used, over or another's. */
  withdraw(idOrCode: string, by: string): boolean;
  /** None that was made is good any more. */
  forgetAll(): void;
  /** For the one who made it. Null: over, or nobody's. */
  find(id: string, by: string): { state: "open" } | { state: "used"; used: UsedCode } | null;
}

export function createCodes({ clock }: { clock: Pick<Clock, "now"> }): Codes {
  const open = new Map<string, Open>();
  const spent = new Map<string, Spent>();
  // A clock that was set back makes no code older than it is.
  const isGood = ({ expiresAt }: Open): boolean => expiresAt > clock.now() && expiresAt <= clock.now() + codeLifetimeMs;
  return {
    make(invitation) {
      makeRoom(open);
      const plain = [...crypto.getRandomValues(new Uint8Array(length))].map((byte) => letters[byte % letters.length]).join("");
      const expiresAt = clock.now() + codeLifetimeMs;
      const id = randomToken(12);
      open.set(digestOf(plain), { ...invitation, id, expiresAt });
      return { id, code: (plain.match(/.{4}/g) ?? []).join("-"), expiresAt };
    },
    use(code) {
      const key = digestOf(asWritten(code));
      const found = open.get(key);
      open.delete(key);
      if (!found || !isGood(found)) throw new AppError("code_refused");
      const { id, by, namespace, role } = found;
      makeRoom(spent);
      spent.set(id, { ...found, used: null });
      return { id, by, namespace, role };
    },
    wasUsed(id, used) {
      const taken = spent.get(id);
      if (taken) spent.set(id, { ...taken, used });
    },
    withdraw(idOrCode, by) {
      const digest = digestOf(asWritten(idOrCode));
      const found = [...open].find(([key, { id, by: maker }]) => key === digest || (id === idOrCode && maker === by));
      return found !== undefined && open.delete(found[0]) && isGood(found[1]);
    },
    forgetAll: () => open.clear(),
    find(id, by) {
      const taken = spent.get(id);
      const found = taken ?? [...open.values()].find((each) => each.id === id);
      if (found?.by !== by) return null;
      if (taken?.used) return { state: "used", used: taken.used };
      return isGood(found) ? { state: "open" } : null;
    },
  };
}

function makeRoom(kept: Map<string, unknown>): void {
  if (kept.size >= maxOpen) kept.delete(kept.keys().next().value as string);
}

/** Whether it could be one, as a person types or pastes it. */
export const isCode = (text: string): boolean => /^\s*[0-9a-z]{4}[- ]?[0-9a-z]{4}[- ]?[0-9a-z]{4}\s*$/i.test(text);

/** However a person types it. */
const asWritten = (code: string): string =>
  code
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, "")
    .replace(/[IL]/g, "1")
    .replaceAll("O", "0");
