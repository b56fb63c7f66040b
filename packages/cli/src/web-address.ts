/** Where people open the web app: the address other devices can use, where there is one, and the link that signs them in. */
import { networkInterfaces } from "node:os";
import { hapiHome, isEverywhere, loadSettings, runningHub } from "@hapi/platform";
import { isLoopbackHost } from "@hapi/protocol/loopback";
import { hubAddress } from "./hub-address.ts";
import { publicUrlOf } from "./public-url.ts";

export interface WebAddress {
  /** Where a browser goes, without the token. */
  url: string;
  /** The same with what signs in. */
  link: string;
  /** `public`: what the owner says. `network`: this computer's address on it. `computer`: nobody else can reach it. */
  reach: "public" | "network" | "computer";
  /** SHA-256 of the certificate that a browser will ask about, to be compared. */
  fingerprint?: string;
}

export interface ListeningHub {
  /** Where the hub listens, as its own programs reach it. */
  url: string;
  publicUrl: string | null;
  /** What lets the browser in: a one-time code, or a hub's token that knows none. Empty: nothing can be had. */
  token: string;
  /** Where others reach it over TLS, if so. */
  front?: { url: string; fingerprint: string | null } | null | undefined;
  /** It listens on every address of this computer. */
  isOpen?: boolean | undefined;
  /** Of another make, or a version we don't know: its web app may read a token in the query only. */
  isElsewhere?: boolean;
}

/** The hub that this machine is configured for, as other devices get to it; what lets them in is the caller's to say. */
export function hubOnTheWeb(env: Readonly<Record<string, string | undefined>>): Omit<ListeningHub, "token"> {
  const { url, source } = hubAddress(env);
  // What other devices call a hub elsewhere is what this machine calls it.
  if (source !== "default") return { url, publicUrl: null, isElsewhere: true };
  const home = hapiHome(env);
  const own = runningHub(home);
  const publicUrl = publicUrlOf(env["HAPI_PUBLIC_URL"] || loadSettings(home)["publicUrl"]);
  return { url, publicUrl, isOpen: own?.isOpen, front: own?.front };
}

export function webAddress(hub: ListeningHub, addresses: readonly string[] = ownAddresses()): WebAddress {
  const own = ownUrl(hub, addresses);
  const url = (hub.publicUrl ?? own.href).replace(/\/$/, "");
  const reach = hub.publicUrl !== null ? "public" : isLoopbackHost(own.hostname) ? "computer" : "network";
  // Behind the # no server, proxy or log ever sees it.
  const link = `${url}/${hub.isElsewhere ? "?" : "#"}token=${encodeURIComponent(hub.token)}`;
  const fingerprint = hub.front?.fingerprint;
  if (hub.token === "") return { url, link: url, reach, ...(fingerprint && hub.publicUrl === null ? { fingerprint } : {}) };
  if (!fingerprint || hub.publicUrl !== null) return { url, link, reach };
  return { url, link: `${link}&certificate=${fingerprint.replaceAll(":", "").toLowerCase()}`, reach, fingerprint };
}

function ownUrl({ url, front, isOpen }: ListeningHub, [address]: readonly string[]): URL {
  const own = new URL(front?.url ?? url);
  if (address !== undefined && (isOpen || isEverywhere(own.hostname))) own.hostname = address;
  return own;
}

/** Of this computer on its networks; IPv4 first, those of containers and virtual machines last. */
export function ownAddresses(all: ReturnType<typeof networkInterfaces> = networkInterfaces()): string[] {
  const found = Object.entries(all).flatMap(([name, list]) =>
    (list ?? []).filter(({ internal, family }) => !internal && family === "IPv4").map(({ address }) => ({ name, address })),
  );
  const isVirtual = ({ name }: { name: string }): number => (/^(docker|br-|veth|virbr|vmnet|tap|tun)/.test(name) ? 1 : 0);
  return found.sort((a, b) => isVirtual(a) - isVirtual(b)).map(({ address }) => address);
}

/** What makes it possible that a phone gets there. */
export const waysForPhone = [
  "a tunnel or a TLS proxy in front, with HAPI_PUBLIC_URL, or, on your",
  "own network, with a certificate it makes itself: hapi hub --host 0.0.0.0 --tls",
] as const;

/** Why there is no code for a phone. */
export const unreachableHint = ["Only this computer can reach it, so there is no code for a phone. For one:", ...waysForPhone] as const;
