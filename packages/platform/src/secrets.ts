/** Random names, digests and the comparison of secrets, without `node:crypto` (which costs a tiny process more memory than its work). */

/** `bytes` random bytes as text that fits into URLs and file names. */
export function randomToken(bytes: number): string {
  const token = Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("base64url");
  // What is given to a command as a word of its own (`--token …`, `revoke …`) must not look like a flag.
  return token.startsWith("-") ? randomToken(bytes) : token;
}

export function sha256Hex(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}

export function hmacSha256Hex(key: Uint8Array, text: string): string {
  return new Bun.CryptoHasher("sha256", key).update(text).digest("hex");
}

/** Takes the same time wherever two texts differ. */
export function isSameSecret(a: string, b: string): boolean {
  const left = Buffer.from(sha256Hex(a));
  const right = Buffer.from(sha256Hex(b));
  let difference = 0;
  for (let at = 0; at < left.length; at++) difference |= (left[at] as number) ^ (right[at] as number);
  return difference === 0;
}
