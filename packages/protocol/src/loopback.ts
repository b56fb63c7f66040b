/** Which addresses lead to this computer only, in one place: what is in clear there is read by nobody in between, and no phone gets to it. */

/** Of a connection: an IPv4 address, also within an IPv6 one, or an IPv6 address. */
export const isLoopbackAddress = (address: string): boolean => /^(?:(?:::ffff:)?127(?:\.\d{1,3}){1,3}|::1)$/i.test(address);

/** The host of a URL or of a setting, with or without brackets; `*.localhost` leads nowhere else (RFC 6761). */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return isLoopbackAddress(name) || name === "localhost" || name.endsWith(".localhost");
}
