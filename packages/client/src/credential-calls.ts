/**
 * Who may come in: the list, revoking, and codes for more devices. Beside `HubApi` and not in it, since one page alone needs them and their
 * schemas. All of them ask for `admin` and throw `scope_missing` without it.
 */
import { isRecord } from "@hapi/core";
import { parser } from "@hapi/protocol";
import {
  codeAnswer,
  codeStateAnswer,
  credentialSchema,
  type CredentialView,
  lockAnswer,
  revokedAnswer,
  type SignInNotice,
  signInNotice,
  withdrawnAnswer,
} from "@hapi/protocol/credentials";
import type { Role } from "@hapi/protocol/scopes";
import type * as z from "zod/mini";
import { type Ask, expected } from "./asking.ts";

/** What a code may make of a device. */
export type DeviceRole = "viewer" | "approver" | "operator" | "admin";
export type OneTimeCode = z.output<typeof codeAnswer>;
/** `open`: nobody came with it yet. `over`: too old, or the hub was started anew. */
export type CodeState = z.output<typeof codeStateAnswer>;

const readCredential = parser(credentialSchema);
const readCode = parser(codeAnswer);
const readState = parser(codeStateAnswer);
const readRevoked = parser(revokedAnswer);
const readWithdrawn = parser(withdrawnAnswer);
const readLock = parser(lockAnswer);
const readNotice = parser(signInNotice);

const PATH = "/api/credentials";
const at = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;

export function credentialCalls({ request }: Pick<Ask, "request">) {
  return {
    /** Also those that are revoked or over. One that this HAPI can't read is left out. */
    async list(signal?: AbortSignal): Promise<CredentialView[]> {
      const answer = await request("GET", PATH, { signal });
      if (!isRecord(answer) || !Array.isArray(answer["credentials"])) return expected<CredentialView[]>(null);
      return answer["credentials"].flatMap((one: unknown) => readCredential(one) ?? []);
    },
    /** Its requests are refused and its streams closed before this resolves. `apply_failed`: the owner's last one with the role admin. */
    revoke: async (id: string): Promise<unknown> => expected(readRevoked(await request("DELETE", at(id)))),
    /** All others that the caller sees, but for the shared token. @returns how many were good until now */
    async revokeOthers(): Promise<number> {
      return Number(expected(readRevoked(await request("DELETE", PATH))).revoked);
    },
    /** Another role; takes a shared token that is off again. Null, for the shared token: everything. */
    setRole: (id: string, role: Role | null): Promise<unknown> => request("PUT", at(id), { body: { role } }),
    /** Of the shared token: `not_found`. */
    rename: (id: string, name: string): Promise<unknown> => request("PUT", `${at(id)}/name`, { body: { name } }),
    /** By its id. False: it was used or is over. */
    async withdrawCode(id: string): Promise<boolean> {
      return expected(readWithdrawn(await request("DELETE", `${PATH}/codes/${encodeURIComponent(id)}`))).withdrawn;
    },
    async makeCode(role: DeviceRole): Promise<OneTimeCode> {
      return expected(readCode(await request("POST", `${PATH}/codes`, { body: { role } })));
    },
    /** New devices and failed sign-ins, the latest first. One that this HAPI can't read is left out. */
    async notices(signal?: AbortSignal): Promise<SignInNotice[]> {
      const answer = await request("GET", `${PATH}/notices`, { signal });
      if (!isRecord(answer) || !Array.isArray(answer["notices"])) return expected<SignInNotice[]>(null);
      return answer["notices"].flatMap((one: unknown) => readNotice(one) ?? []);
    },
    /** From here on all others but the hub's own computer hear `hub_locked`, and so may the caller. */
    lock: async (): Promise<unknown> => expected(readLock(await request("PUT", "/api/lock"))),
    /** `owner_only` or `hub_locked`: it is done on the hub's own computer. */
    unlock: async (): Promise<unknown> => expected(readLock(await request("DELETE", "/api/lock"))),
    async codeState(id: string, signal?: AbortSignal): Promise<CodeState> {
      return expected(readState(await request("GET", `${PATH}/codes/${encodeURIComponent(id)}`, { signal })));
    },
  };
}
