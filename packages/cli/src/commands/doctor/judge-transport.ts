/** Of `judge.ts`: what lies between a stranger and the hub's words. */
import { type Judgement, note, ok, problem } from "./finding.ts";
import type { InsideView } from "./inside.ts";
import { type Answer, inWords, isAnswer, isHealthOfHub, type NoAnswer, type OutsideView, type ShownCertificate } from "./outside.ts";

const dayMs = 86_400_000;
/** Authorities renew a month before the end: what is younger than this was forgotten. */
const soonDays = 14;
/** Half a year, what browsers ask of those who mean it. */
const leastHstsSeconds = 15_768_000;

export function judgeCertificate(found: OutsideView["certificate"], { fingerprint }: InsideView, now: number): Judgement {
  if (found === null) return problem("none: whoever is in between reads the token; use an address with https (docs/operations.md)");
  if ("failed" in found) return problem(`there is none to be had (${found.failed}); give the hub a certificate, or the proxy in front`);
  const days = Math.floor((found.validTo - now) / dayMs);
  const until = new Date(found.validTo).toISOString().slice(0, 10);
  if (found.validTo <= now) return problem(`the certificate of ${found.issuer} ended on ${until}; renew it, browsers refuse it`);
  const facts = `${found.protocol}, ${found.issuer}, ${days} ${days === 1 ? "day" : "days"} left`;
  if (!/^TLSv1\.[23]$/.test(found.protocol)) return problem(`${facts}: too old; let it speak TLS 1.2 or 1.3 only`);
  return judgeTrust(found, facts, fingerprint) ?? (days < soonDays ? note(`${facts}; renew it before ${until}`) : ok(facts));
}

function judgeTrust(found: ShownCertificate, facts: string, own: string | null): Judgement | null {
  const { fingerprint } = found;
  if (found.isSelfSigned && own === fingerprint) return ok(`${facts}, self-signed, and this hub's own: ${fingerprint}`);
  if (found.isSelfSigned)
    return note(
      `${facts}, self-signed: ${fingerprint}; compare it with what hapi web says on the hub's machine, or with your proxy's own, before you go on`,
    );
  if (!found.fitsName) return problem(`${facts}: it is for other names; get one for the name that people type`);
  if (found.refusedAs !== null)
    return problem(`${facts}: browsers would not believe it (${found.refusedAs}); serve the whole chain of a known authority`);
  return null;
}

export function judgePlain(plain: OutsideView["plain"]): Judgement | null {
  if (plain === null) return null;
  const { url, answer } = plain;
  if (!isAnswer(answer)) return ok(`nothing answers at ${url}`);
  const isRedirect = answer.status >= 300 && answer.status < 400;
  if (isRedirect && answer.headers.get("location")?.startsWith("https://")) return ok(`${url} sends everybody on to https`);
  if (isHealthOfHub(answer))
    return problem(`the hub answers in clear at ${url}, where others read the token; close that port, or have it send on to https`);
  // What is said to those who speak plain HTTP where TLS is.
  if (answer.status === 400) return ok(`${url} takes nothing in clear (${inWords(answer)})`);
  return note(`something answers in clear at ${url} (${inWords(answer)}); have it send on to https`);
}

export function judgeHsts(answer: Answer | NoAnswer): Judgement {
  if (!isAnswer(answer)) return note(`whether it is sent can't be told (${answer.failed})`);
  const said = answer.headers.get("strict-transport-security");
  if (said === null)
    return problem(
      "not sent: browsers go on trying plain HTTP; let the proxy send X-Forwarded-Proto: https, and put its address into HAPI_TRUSTED_PROXIES",
    );
  const seconds = Number(/max-age="?(\d+)/i.exec(said)?.[1] ?? 0);
  if (seconds < leastHstsSeconds) return note(`only for ${seconds} seconds; let the proxy hand on the hub's own, which is a year`);
  return ok(`for ${Math.round(seconds / 86_400)} days`);
}
