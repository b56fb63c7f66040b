/**
 * Codes that sign one device in: ten minutes, once. In memory only: a hub that was started anew knows none. Long enough that nobody guesses one in
 * its time at the rate the door allows, and short enough to be typed.
 */
import type { Clock } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import type { Role } from "@hapi/protocol/scopes";
import { digestOf } from "./access-token.ts";

export const codeLifetimeMs = 10 * 60_000;
/** Nobody has more open at once; the oldest makes room. */
const maxOpen = 50;
/** Without letters that are taken for digits. */
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const length = 12;

/** What whoever has the code becomes. */
export interface Invitation {
  /** Whose: when that one's credential is revoked, it is good no more. */
  by: string;
  namespace: string;
  role: Role;
}

export interface OneTimeCode {
  /** `ABCD-EFGH-JKMN` */
  code: string;
  expiresAt: number;
}

export interface Codes {
  make(invitation: Invitation): OneTimeCode;
  /** @throws `code_refused` */
  use(code: string): Invitation;
  /** Those that are open are good no more. */
  clear(): void;
}

export function createCodes({ clock }: { clock: Pick<Clock, "now"> }): Codes {
  const open = new Map<string, Invitation & { expiresAt: number }>();
  return {
    make(invitation) {
      if (open.size >= maxOpen) open.delete(open.keys().next().value as string);
      const plain = [...crypto.getRandomValues(new Uint8Array(length))].map((byte) => letters[byte % letters.length]).join("");
      const expiresAt = clock.now() + codeLifetimeMs;
      open.set(digestOf(plain), { ...invitation, expiresAt });
      return { code: (plain.match(/.{4}/g) ?? []).join("-"), expiresAt };
    },
    use(code) {
      const key = digestOf(asWritten(code));
      const found = open.get(key);
      open.delete(key);
      // A clock that was set back makes no code older than it is.
      const isGood = found && found.expiresAt > clock.now() && found.expiresAt <= clock.now() + codeLifetimeMs;
      if (!isGood) throw new AppError("code_refused");
      const { by, namespace, role } = found;
      return { by, namespace, role };
    },
    clear: () => open.clear(),
  };
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
