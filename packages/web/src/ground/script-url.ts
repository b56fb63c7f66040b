/**
 * The only policy by which a page may name a script to be run (Trusted Types): files of the build, by names that stand in it. The hub's
 * `trusted-types` names this policy and no other, so nothing else can turn text into code or markup.
 */

interface Policy {
  createScriptURL(url: string): unknown;
}
interface Factory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): Policy;
}

let policy: Policy | null = null;

function ours(url: string): string {
  const { origin, pathname, search } = new URL(url, location.origin);
  if (origin === location.origin && search === "" && /^\/(?:sw\.js|assets\/[\w.-]+\.js)$/.test(pathname)) return url;
  throw new TypeError(`${pathname} is no script of this app`);
}

/** What the browser takes where it wants a script's address: the same text where it knows no Trusted Types. */
export function scriptUrl(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: Factory };
  if (!trustedTypes) return url;
  policy ??= trustedTypes.createPolicy("hapi", { createScriptURL: ours });
  // The types of the DOM say text where browsers take either.
  return policy.createScriptURL(url) as string;
}
