/** Which connections come from a proxy whose word about its clients counts: one on this computer, and those that the owner named. */
import { BlockList, isIP } from "node:net";
import { AppError } from "@hapi/protocol";
import { isLoopbackAddress } from "@hapi/protocol/loopback";

export interface Proxies {
  /** Of the connection itself, never of a header. */
  trusts(address: string): boolean;
}

/** `list`: addresses and CIDR blocks. @throws `invalid_query` */
export function createProxies(list: readonly string[] = []): Proxies {
  const blocks = new BlockList();
  for (const text of list) addBlock(blocks, text);
  return { trusts: (address) => isLoopbackAddress(address) || (isIP(address) !== 0 && blocks.check(address, familyOf(address))) };
}

export const onlyHere: Proxies = createProxies();

const familyOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4");

function addBlock(blocks: BlockList, text: string): void {
  const [address = "", bits] = text.split("/");
  const isV6 = isIP(address) === 6;
  const prefix = bits === undefined ? (isV6 ? 128 : 32) : Number(/^\d{1,3}$/.exec(bits)?.[0]);
  if (isIP(address) === 0 || !(prefix >= 0 && prefix <= (isV6 ? 128 : 32)))
    throw new AppError("invalid_query", `HAPI_TRUSTED_PROXIES must list addresses like 10.0.0.2 or blocks like 10.0.0.0/8, not "${text}".`);
  if (prefix === 0)
    throw new AppError("invalid_query", `"${text}" in HAPI_TRUSTED_PROXIES is everybody; name the addresses that your proxy has.`);
  blocks.addSubnet(address, prefix, familyOf(address));
}
