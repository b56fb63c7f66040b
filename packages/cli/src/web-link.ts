/** Where people open the web app: the address other devices can use, where there is one, and the link that signs them in. */
import { networkInterfaces } from "node:os";

export interface WebLink {
  /** Where a browser goes, without the token. */
  url: string;
  /** The same with the token, which signs in. */
  link: string;
  /** `public`: what the owner says. `network`: this computer's address on it. `computer`: nobody else can reach it. */
  reach: "public" | "network" | "computer";
}

export interface ListeningHub {
  /** Where the hub listens, as its own programs reach it. */
  url: string;
  publicUrl: string | null;
  token: string;
  /** It listens on every address of this computer. */
  isOpen?: boolean;
  /** Of another make, or a version we don't know: its web app may read a token in the query only. */
  isElsewhere?: boolean;
}

export function webLink(hub: ListeningHub, addresses: readonly string[] = ownAddresses()): WebLink {
  const [address] = addresses;
  const own = new URL(hub.url);
  if (hub.isOpen && address !== undefined) own.hostname = address;
  const isLoopback = /^(127\.|localhost$|\[?::1)/.test(own.hostname);
  const url = (hub.publicUrl ?? own.href).replace(/\/$/, "");
  const reach = hub.publicUrl !== null ? "public" : isLoopback ? "computer" : "network";
  // Behind the # no server, proxy or log ever sees it.
  return { url, link: `${url}/${hub.isElsewhere ? "?" : "#"}token=${encodeURIComponent(hub.token)}`, reach };
}

/** Of this computer on its networks; IPv4 first, those of containers and virtual machines last. */
export function ownAddresses(all: ReturnType<typeof networkInterfaces> = networkInterfaces()): string[] {
  const found = Object.entries(all).flatMap(([name, list]) =>
    (list ?? []).filter(({ internal, family }) => !internal && family === "IPv4").map(({ address }) => ({ name, address })),
  );
  const isVirtual = ({ name }: { name: string }): number => (/^(docker|br-|veth|virbr|vmnet|tap|tun)/.test(name) ? 1 : 0);
  return found.sort((a, b) => isVirtual(a) - isVirtual(b)).map(({ address }) => address);
}

/** Why there is no code for a phone, and what makes one possible. */
export const unreachableHint = [
  "Only this computer can reach it, so there is no code for a phone. For one:",
  "put a tunnel or a TLS proxy in front and set HAPI_PUBLIC_URL; or, if you trust",
  "everyone on your network, listen there: hapi hub --host 0.0.0.0",
] as const;
