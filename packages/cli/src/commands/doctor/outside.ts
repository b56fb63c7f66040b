/**
 * Asks a hub as a stranger would: no credential, a certificate that is looked at instead of believed, a handful of requests one after the other, none
 * of which changes anything. Nothing is judged here (`judge.ts`).
 */
import { checkServerIdentity, connect, type TLSSocket } from "node:tls";
import { isIP } from "node:net";
import { X509Certificate } from "node:crypto";
import { LATE, systemClock, within } from "@hapi/platform";

export interface Answer {
  status: number;
  headers: Headers;
  /** Its beginning. */
  text: string;
}

/** Why there is none, in words. */
export interface NoAnswer {
  failed: string;
}

export interface ShownCertificate {
  issuer: string;
  /** Milliseconds since 1970. */
  validTo: number;
  /** SHA-256, `AB:CD:…` */
  fingerprint: string;
  isSelfSigned: boolean;
  /** It is good for the name it was asked by. */
  fitsName: boolean;
  /** OpenSSL's word for why a browser would not believe it. */
  refusedAs: string | null;
  /** `TLSv1.3` */
  protocol: string;
}

export interface OutsideView {
  url: URL;
  health: Answer | NoAnswer;
  /** Null: it is no address with TLS. */
  certificate: ShownCertificate | NoAnswer | null;
  /** The same place without TLS; null where the address is without anyway. */
  plain: { url: string; answer: Answer | NoAnswer } | null;
  /** What can only be asked of a hub. */
  hub: HubView | null;
}

export interface HubView {
  page: Answer | NoAnswer;
  foreignName: Answer | NoAnswer;
  foreignPage: Answer | NoAnswer;
  /** The same for a socket, which proxies often have a rule of its own for. */
  foreignSocket: Answer | NoAnswer;
  noToken: Answer | NoAnswer;
  wrongToken: Answer | NoAnswer;
  /** When the wrong token was under way, in milliseconds since 1970. */
  wrongTokenBetween: readonly [number, number];
}

const askMs = 5_000;
const maxText = 64 * 1024;
/** Names and addresses that are kept for such use (RFC 2606, RFC 5737). */
const foreignHost = "hapi-doctor.invalid";
export const madeUpAddress = "203.0.113.77";

export const isAnswer = (one: Answer | NoAnswer): one is Answer => "status" in one;

export async function lookFromOutside(url: URL): Promise<OutsideView> {
  const isTls = url.protocol === "https:";
  const health = await ask(url, { path: "/health" });
  const certificate = isTls ? await certificateOf(url) : null;
  const plain = isTls ? await askInClear(url) : null;
  return { url, health, certificate, plain, hub: isHealthOfHub(health) ? await lookAtHub(url) : null };
}

export const isHealthOfHub = (answer: Answer | NoAnswer): boolean =>
  isAnswer(answer) && answer.status === 200 && bodyOf(answer)?.["status"] === "ok";

/** Null: no object in JSON. */
export function bodyOf({ text }: Answer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch (cause) {
    if (cause instanceof SyntaxError) return null;
    throw cause;
  }
}

/** The stable code of an error of a hub. */
export const codeOf = (answer: Answer | NoAnswer): string | null => {
  const code = isAnswer(answer) ? bodyOf(answer)?.["code"] : undefined;
  return typeof code === "string" ? code : null;
};

export const inWords = (answer: Answer | NoAnswer): string => (isAnswer(answer) ? `status ${answer.status}` : answer.failed);

async function lookAtHub(url: URL): Promise<HubView> {
  const page = await ask(url, { path: "/", headers: { accept: "text/html" } });
  const foreignName = await ask(url, { path: "/health", headers: { host: foreignHost } });
  const foreignPage = await ask(url, { path: "/api/auth", headers: { origin: `https://${foreignHost}` }, body: {} });
  const foreignSocket = await ask(url, { path: "/socket.io/?EIO=4&transport=polling", headers: { origin: `https://${foreignHost}` } });
  const noToken = await ask(url, { path: "/api/sessions" });
  const from = systemClock.now();
  // As one of its own pages would, by somebody who makes up where he is.
  const headers = { origin: url.origin, "x-forwarded-for": madeUpAddress };
  const wrongToken = await ask(url, { path: "/api/auth", headers, body: { accessToken: `nobodys-${crypto.randomUUID()}` } });
  return { page, foreignName, foreignPage, foreignSocket, noToken, wrongToken, wrongTokenBetween: [from, systemClock.now()] };
}

interface Question {
  path: string;
  headers?: Record<string, string>;
  /** With one it is a POST. */
  body?: object;
}

async function ask(url: URL, { path, headers, body }: Question): Promise<Answer | NoAnswer> {
  const init = {
    redirect: "manual",
    headers: { "user-agent": "hapi-doctor", ...headers, ...(body ? { "content-type": "application/json" } : {}) },
    ...(body ? { method: "POST", body: JSON.stringify(body) } : {}),
    // The certificate has a look of its own; no secret goes this way.
    tls: { rejectUnauthorized: false },
  } as RequestInit;
  try {
    const found = await within(systemClock, askMs, async (signal) => {
      const response = await fetch(new URL(path, url), { ...init, signal });
      return { status: response.status, headers: response.headers, text: await beginningOf(response) };
    });
    return found === LATE ? { failed: `no answer within ${askMs / 1000} seconds` } : found;
  } catch (cause) {
    return { failed: reasonOf(cause) };
  }
}

async function beginningOf({ body }: Response): Promise<string> {
  if (!body) return "";
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length >= maxText) break;
  }
  return text;
}

const reasonOf = (cause: unknown): string =>
  cause instanceof Error ? String((cause as NodeJS.ErrnoException).code ?? cause.message) : String(cause);

async function askInClear(url: URL): Promise<OutsideView["plain"]> {
  const plain = new URL(`http://${url.host}`);
  return { url: plain.origin, answer: await ask(plain, { path: "/health" }) };
}

async function certificateOf(url: URL): Promise<ShownCertificate | NoAnswer> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  try {
    const found = await within(systemClock, askMs, (signal) => shownTo(host, Number(url.port || 443), signal));
    return found === LATE ? { failed: `no TLS within ${askMs / 1000} seconds` } : found;
  } catch (cause) {
    return { failed: reasonOf(cause) };
  }
}

function shownTo(host: string, port: number, signal: AbortSignal): Promise<ShownCertificate> {
  return new Promise((resolve, reject) => {
    const name = isIP(host) === 0 ? { servername: host } : {};
    const line = connect({ host, port, rejectUnauthorized: false, ...name }, () => {
      try {
        resolve(readShown(line, host));
      } catch (cause) {
        reject(cause);
      } finally {
        line.destroy();
      }
    });
    line.on("error", reject);
    line.on("close", () => reject(new Error("it was closed before TLS was there")));
    signal.addEventListener("abort", () => line.destroy(), { once: true });
  });
}

function readShown(line: TLSSocket, host: string): ShownCertificate {
  const peer = line.getPeerCertificate();
  const certificate = new X509Certificate(peer.raw);
  const { issuer, subject, fingerprint256: fingerprint, validToDate } = certificate;
  // Typed as an error; what is there is its code.
  const refused = line.authorizationError as unknown as Error | string | null | undefined;
  return {
    issuer: /^(?:O|CN)=(.+)$/m.exec(issuer)?.[1] ?? issuer.replaceAll("\n", ", "),
    validTo: validToDate.getTime(),
    fingerprint,
    isSelfSigned: issuer === subject,
    fitsName: checkServerIdentity(host, peer) === undefined,
    refusedAs: line.authorized || !refused ? null : String(refused),
    protocol: line.getProtocol() ?? "unknown",
  };
}
