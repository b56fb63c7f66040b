/** Who may come in, in the order and the words in which a person looks for one of them. Pure. */
import type { DeviceRole } from "@hapi/client/credentials";
import type { CredentialView, SignInNotice } from "@hapi/protocol/credentials";
import { isLoopbackHost } from "@hapi/protocol/loopback";
import type { Translate } from "../../../i18n/index.ts";

export const DEVICE_ROLES = ["viewer", "approver", "operator", "admin"] as const satisfies readonly DeviceRole[];

export interface DeviceGroups {
  /** Of people: browsers, phones. */
  devices: CredentialView[];
  /** Runners, CLIs, integrations. */
  programs: CredentialView[];
  /** Absent where the caller may not see it. On or off. */
  shared: CredentialView | null;
  /** Revoked or over, the latest first. */
  ended: CredentialView[];
}

export const endedAt = ({ revokedAt, expiresAt }: CredentialView): number => revokedAt ?? expiresAt ?? 0;

export function isOver({ revokedAt, expiresAt }: CredentialView, now: number): boolean {
  return revokedAt !== null || (expiresAt !== null && expiresAt <= now);
}

/** The one that looks stands first, then whoever was there last. `now`: for what is over. */
export function grouped(credentials: readonly CredentialView[], now: number): DeviceGroups {
  const seenAt = (one: CredentialView): number => (one.isThis ? Number.POSITIVE_INFINITY : (one.lastUsedAt ?? one.createdAt));
  const own = credentials.filter(({ kind }) => kind !== "legacy");
  const good = own.filter((one) => !isOver(one, now)).toSorted((a, b) => Math.sign(seenAt(b) - seenAt(a)) || a.id.localeCompare(b.id));
  const isProgram = ({ kind }: CredentialView): boolean => kind === "machine" || kind === "integration";
  return {
    devices: good.filter((one) => !isProgram(one)),
    programs: good.filter(isProgram),
    shared: credentials.find(({ kind }) => kind === "legacy") ?? null,
    ended: own.filter((one) => isOver(one, now)).toSorted((a, b) => endedAt(b) - endedAt(a)),
  };
}

/** Those that "revoke all others" ends. */
export const othersOf = ({ devices, programs }: DeviceGroups): CredentialView[] =>
  [...devices, ...programs].filter(({ isThis }) => !isThis);

export const nameOf = ({ kind, name }: CredentialView, t: Translate): string => (kind === "legacy" ? t("devices.legacy.name") : name);

export function roleName({ role, kind }: Pick<CredentialView, "role" | "kind">, t: Translate): string {
  if (role !== null) return t(`devices.role.${role}`);
  return t(kind === "legacy" ? "devices.role.everything" : "devices.role.own");
}

/** Where the hub saw it last: the hub says an address, or in its own words more than that (`packages/hub/src/auth/caller.ts`). */
export function placeOf(from: string, t: Translate): string {
  if (from === "this computer") return t("devices.from.hub");
  if (from === "many addresses") return t("devices.from.many");
  const proxied = /^(?:behind a|a silent) proxy: (.+)$/.exec(from)?.[1];
  return proxied === undefined ? t("devices.from", { address: from }) : t("devices.from.proxy", { address: proxied });
}

/** A hub that says a kind of news which this page does not know is read as a device's. */
export function signInWords({ kind, name, count = 1 }: Pick<SignInNotice, "kind" | "name" | "count">, t: Translate): string {
  return kind === "failed" ? t("devices.notice.failed", { count }) : t("devices.notice.device", { name: name ?? "" });
}

/** Nobody elsewhere gets to it. */
export const isLoopback = (url: string): boolean => isLoopbackHost(new URL(url).hostname);

/** Opens the web app of the hub and signs in. Behind the `#`, so that it stands in no request and no log. */
export const linkOf = (hub: string, code: string): string => `${hub.replace(/\/+$/, "")}/#token=${code}`;

/** `9:05`. `ms`: what is left; never below nothing. */
export function clockOf(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
