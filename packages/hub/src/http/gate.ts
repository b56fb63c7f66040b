/**
 * Before anything else is asked: is this hub meant, and does the request come from its own pages? A page of another site can make a browser that
 * stands in the same network send requests and open WebSockets here, and can give its own name this hub's address (DNS rebinding). Programs send
 * no `Origin` and are not concerned.
 */
import { hostname } from "node:os";
import { shortText } from "@hapi/core";
import { AppError, PROTOCOL_HEADER, PROTOCOL_VERSION } from "@hapi/protocol";
import { secureAnswer } from "./security-headers.ts";

export interface GateOptions {
  /** Origins whose pages may use this hub; `*`: all. */
  origins: readonly string[];
  /** Names under which it is reached besides its own and plain addresses; `*`: all. */
  hosts: readonly string[];
}

/** `byProxy`: the connection is one of a trusted proxy, whose word about the name it was asked by counts. */
export interface Asked {
  isSocket: boolean;
  byProxy: boolean;
}

export type Gate = (request: Request, asked: Asked) => Response | null;

/** This computer's: nobody else can give these to a page of theirs. */
const OWN = ["localhost", hostname().toLowerCase(), `${hostname().toLowerCase().split(".")[0]}.local`];
const READS = new Set(["GET", "HEAD", "OPTIONS"]);
/** What browsers say of pages that are not the hub's own; `none` is a person who typed the address. */
const ELSEWHERE = new Set(["cross-site", "same-site"]);
/** The web app may be opened from anywhere; what it is made of lies open. */
const API = /^\/(?:api|cli|socket\.io)(?:\/|$)/;

export function createGate({ origins, hosts }: GateOptions): Gate {
  const ownPages = new Set(origins);
  const ofOrigins = origins.flatMap((origin) => URL.parse(origin)?.host ?? []);
  const names = new Set([...OWN, ...hosts.map((name) => name.toLowerCase()), ...ofOrigins.map(nameOf)]);

  const answersTo = (host: string): boolean => {
    const name = nameOf(host);
    return names.has("*") || names.has(name) || name.endsWith(".localhost") || isAddress(name);
  };
  const isOwnPage = (origin: string, headers: Headers, byProxy: boolean): boolean => {
    if (ownPages.has("*") || ownPages.has(origin)) return true;
    const from = URL.parse(origin)?.host;
    if (from === undefined || from === "") return false;
    // The last one is what the proxy wrote itself.
    const forwarded = byProxy ? headers.get("x-forwarded-host")?.split(",").at(-1)?.trim() : undefined;
    return [headers.get("host"), forwarded].some((host) => host && sameHost(from, host));
  };

  return (request, { isSocket, byProxy }) => {
    const { headers } = request;
    const host = headers.get("host");
    if (host !== null && !answersTo(host)) return refuse(request, new AppError("host_refused", hostWords(host)));
    const origin = headers.get("origin");
    const isAllowed = origin !== null && isOwnPage(origin, headers, byProxy);
    if (isAllowed) return null;
    if (origin !== null && (isSocket || !READS.has(request.method)))
      return refuse(request, new AppError("origin_refused", originWords(origin)));
    // A page that wants an image or a script of ours says no origin, but its browser says that it is another's.
    const isElsewhere = ELSEWHERE.has(headers.get("sec-fetch-site") ?? "") && !ownPages.has("*");
    return isElsewhere && API.test(new URL(request.url).pathname) ? refuse(request, new AppError("cross_site_refused")) : null;
  };
}

const shown = (text: string): string => shortText(text, 100).replace(/[^\x21-\x7e]/g, "?");
const hostWords = (host: string): string =>
  `This hub does not know the name "${shown(host)}". If it is yours, start the hub with HAPI_PUBLIC_URL=https://${shown(nameOf(host))}, or with HAPI_ALLOWED_HOSTS=${shown(nameOf(host))}`;
const originWords = (origin: string): string =>
  `Pages of ${shown(origin)} may not use this hub. If it is its own address, start the hub with HAPI_PUBLIC_URL=${shown(origin)}; if it is another app of yours, with CORS_ORIGINS=${shown(origin)}`;

/** Without port and the brackets of an IPv6 address. */
const nameOf = (host: string): string => (URL.parse(`http://${host}`)?.hostname ?? host).replace(/^\[|\]$/g, "").toLowerCase();
const isAddress = (name: string): boolean => /^\d{1,3}(?:\.\d{1,3}){3}$/.test(name) || name.includes(":");
const sameHost = (one: string, other: string): boolean => plain(one) === plain(other);
const plain = (host: string): string => host.toLowerCase().replace(/:(?:80|443)$/, "");

export function refuse({ url, headers }: Request, error: AppError): Response {
  const said = new Headers({ [PROTOCOL_HEADER]: String(PROTOCOL_VERSION) });
  secureAnswer(said);
  const { retryAfter } = error.details;
  if (typeof retryAfter === "number") said.set("retry-after", String(retryAfter));
  // A person in front of a browser reads a sentence.
  if (headers.get("accept")?.includes("text/html") && !new URL(url).pathname.startsWith("/api/")) {
    said.set("content-type", "text/plain; charset=utf-8");
    return new Response(`${error.message}\n`, { status: error.status, headers: said });
  }
  return Response.json(error.toBody(), { status: error.status, headers: said });
}
