/** Who asks, as far as counting wrong guesses needs to know. An address is no identity: nobody gets in by it. */

export interface Caller {
  /** What is counted as one: an IPv4 address, or the /64 of an IPv6 one, since whoever has one address of it has all of them. */
  key: string;
  /** A program of this computer, and not somebody else through a proxy here. */
  isLocal: boolean;
}

const FORWARDED = ["x-forwarded-for", "x-real-ip", "cf-connecting-ip", "forwarded", "x-forwarded-host"];

/**
 * `peer`: the address of the connection. Behind a proxy or tunnel on this computer everybody would be this computer: there the last address
 * that it appended counts. It is believed from nobody else.
 */
export function callerOf(headers: Headers, peer: string): Caller {
  const isLoopback = /^(?:::ffff:)?127\.|^::1$/.test(peer);
  if (!isLoopback) return { key: blockOf(peer), isLocal: false };
  if (!FORWARDED.some((name) => headers.has(name))) return { key: "this computer", isLocal: true };
  const address = headers.get("x-forwarded-for")?.split(",").at(-1) ?? headers.get("x-real-ip") ?? headers.get("cf-connecting-ip");
  return { key: `behind a proxy: ${blockOf(address?.trim().slice(0, 64) ?? "unknown")}`, isLocal: false };
}

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
