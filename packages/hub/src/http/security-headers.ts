/** What every page of the web app carries, and what answers of the API do. Scripts come from the hub alone, and no text becomes one. */

/** A page may talk to another hub that its person pointed it at; that is the one thing open here. */
const page = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self' http: https: ws: wss:",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  // Of packages/web/src/ground/script-url.ts.
  "trusted-types hapi",
].join("; ");

/** Nothing of it is a page, whatever an agent put into it. */
const data = "default-src 'none'; frame-ancestors 'none'; sandbox";

/** What the app does not use, nobody uses in its name. */
const permissions = [
  "accelerometer=()",
  "camera=()",
  "display-capture=()",
  "geolocation=()",
  "gyroscope=()",
  "hid=()",
  "magnetometer=()",
  "microphone=(self)",
  "midi=()",
  "payment=()",
  "serial=()",
  "usb=()",
].join(", ");

const always = { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cross-origin-resource-policy": "same-origin" };

export function securityHeaders(contentType: string): Record<string, string> {
  if (!contentType.startsWith("text/html")) return always;
  return {
    ...always,
    "content-security-policy": page,
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": permissions,
  };
}

/** Of an API answer, but for what its route says itself. What a person says to their agents is in no cache but the app's own. */
export function secureAnswer(headers: Headers): void {
  const defaults = { "cache-control": "no-store", "content-security-policy": data };
  for (const [name, value] of Object.entries(defaults)) if (!headers.has(name)) headers.set(name, value);
  for (const [name, value] of Object.entries(always)) headers.set(name, value);
}
