/** `/.well-known/security.txt` (RFC 9116): whom to tell of a hole in this hub. Its owner says who; a hub whose owner does not has none. */

const path = "/.well-known/security.txt";
/** The file may not be older than it says; it is made for each who asks. */
const goodForMs = 90 * 86_400_000;

export interface SecurityTxt {
  /** A mailto: or https: address. */
  contact: string | undefined;
  publicUrl: string | undefined;
  now(): number;
}

export function securityTxt(request: Request, { contact, publicUrl, now }: SecurityTxt): Response | null {
  if (contact === undefined || new URL(request.url).pathname !== path) return null;
  const lines = [`Contact: ${contact}`, `Expires: ${new Date(now() + goodForMs).toISOString()}`, "Preferred-Languages: en"];
  if (publicUrl?.startsWith("https://")) lines.push(`Canonical: ${new URL(path, publicUrl).href}`);
  const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff", "cache-control": "no-cache" };
  return new Response(`${lines.join("\n")}\n`, { headers });
}
