/** Who asks, as far as counting wrong guesses needs to know. An address is no identity: nobody gets in by it. */
import { isLoopbackAddress } from "@hapi/protocol/loopback";
import { onlyHere, type Proxies } from "./proxies.ts";

export interface Caller {
  /** What is counted as one: an IPv4 address, or the /64 of an IPv6 one, since whoever has one address of it has all of them. */
  key: string;
  /** A program of this computer, and not somebody else through a proxy here. */
  isLocal: boolean;
}

const FORWARDED = ["x-forwarded-for", "x-real-ip", "cf-connecting-ip", "forwarded", "x-forwarded-host", "x-forwarded-proto"];

/**
 * `peer`: the address of the connection. Behind a proxy or tunnel everybody would be that: there the last address that is not of a trusted
 * proxy counts. It is believed from nobody else.
 */
export function callerOf(headers: Headers, peer: string, proxies: Proxies = onlyHere): Caller {
  if (!proxies.trusts(peer)) return { key: blockOf(peer), isLocal: false };
  if (!FORWARDED.some((name) => headers.has(name)))
    return isLoopbackAddress(peer) ? { key: "this computer", isLocal: true } : { key: `a silent proxy: ${blockOf(peer)}`, isLocal: false };
  return { key: `behind a proxy: ${clientOf(headers, proxies)}`, isLocal: false };
}

/**
 * A proxy appends what it saw; in front stands what the client wrote itself. A header of another kind may be the client's altogether.
 * `cf-connecting-ip` is asked last and against none: a tunnel writes it, and the proxy behind that writes what it saw of the tunnel.
 */
function clientOf(headers: Headers, proxies: Proxies): string {
  const listed = headers.get("x-forwarded-for");
  const standard = headers.get("forwarded");
  const real = headers.get("x-real-ip");
  const named = [
    listed === null ? null : lastClient(listed.split(","), proxies),
    standard === null ? null : lastClient(nodesOf(standard), proxies),
    // Of the proxy in front of it, it says no more than that.
    real === null || proxies.trusts(bare(addressIn(real))) ? null : lastClient([real], proxies),
  ];
  const [one, ...others] = named.filter((client) => client !== null);
  // Who sends one kind through a proxy that writes the other must not choose who he is.
  if (others.some((other) => other !== one)) return "unclear";
  return one ?? blockOf(addressIn(real ?? headers.get("cf-connecting-ip") ?? ""));
}

function lastClient(chain: readonly string[], proxies: Proxies): string {
  const addresses = chain.map((text) => bare(addressIn(text)));
  return blockOf(addresses.findLast((address) => !proxies.trusts(address)) ?? addresses[0] ?? "unknown");
}

/** What is longer than an address is none, and not kept. */
const addressIn = (text: string): string => (text.trim() === "" || text.length > 64 ? "unknown" : text.trim());

/** `for=` of each hop (RFC 7239). */
const nodesOf = (forwarded: string): string[] =>
  forwarded.split(",").map((hop) => /(?:^|;)\s*for\s*=\s*"?([^";]+)/i.exec(hop)?.[1] ?? "unknown");

/** Without port and brackets. */
const bare = (text: string): string => /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? text.replace(/^(\d{1,3}(?:\.\d{1,3}){3}):\d+$/, "$1");

function blockOf(address: string): string {
  const v4 = /^(?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1];
  if (v4 !== undefined) return v4;
  const [head = "", tail] = address.toLowerCase().replace(/%.*$/, "").split("::");
  if (!address.includes(":")) return address;
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0");
  const groups = [...before, ...zeros, ...after].slice(0, 4);
  return `${groups.map((group) => group.replace(/^0+(?=.)/, "")).join(":")}::/64`;
}
