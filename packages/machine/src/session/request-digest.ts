/**
 * What of a request is shown, and the digest that binds an answer to it. Invariant: an approval that carries a digest is taken only for exactly the
 * tool and arguments that digest was made of, and what was shown cut is approved only with the digest of the whole.
 */
import { canonicalJson } from "@hapi/core";
import type { AgentRequest } from "@hapi/agents";
import { AppError } from "@hapi/protocol";
import type { PermissionParams } from "@hapi/protocol/rpc";
import { sha256Hex } from "@hapi/platform/lean";
import { shorten } from "./shorten.ts";

export const MAX_OPEN_CHARS = 64 * 1024;

export interface ShownRequest {
  arguments: unknown;
  /** Of tool and `arguments`, as they are here: what whoever answers says they saw. */
  digest: string;
  /** Not all of it is here. */
  shortened?: true;
}

/** SHA-256 of the canonical JSON of `{arguments, tool}`, in hexadecimal. */
export const digestOf = (tool: string, input: unknown): string => sha256Hex(canonicalJson({ tool, arguments: input }));

interface Digests {
  shown: ShownRequest;
  whole: string;
}

/** A session's whole state is told with each change; a request's input never changes. */
const known = new WeakMap<AgentRequest, Digests>();

function digestsOf(request: AgentRequest): Digests {
  const kept = known.get(request);
  if (kept) return kept;
  const whole = digestOf(request.tool, request.input);
  const short = shorten(request.input, MAX_OPEN_CHARS);
  const digest = digestOf(request.tool, short);
  const made: Digests = { whole, shown: { arguments: short, digest, ...(digest === whole ? {} : { shortened: true }) } };
  known.set(request, made);
  return made;
}

export const shownRequest = (request: AgentRequest): ShownRequest => digestsOf(request).shown;

export const wholeDigest = (request: AgentRequest): string => digestsOf(request).whole;

/** A no is a no, whatever was seen. Clients that know no digests say none: they saw all of it, unless it was cut. */
export function checkSeen(request: AgentRequest, { approved, decision, digest }: PermissionParams): void {
  if (!approved || decision === "denied" || decision === "abort") return;
  const { shown, whole } = digestsOf(request);
  if (digest === whole) return;
  if (shown.shortened && (digest === undefined || digest === shown.digest)) throw new AppError("request_shortened");
  if (digest !== undefined) throw new AppError("request_changed");
}

/** @throws `request_not_found` */
export function wholeOf(entry: { request: AgentRequest } | undefined): { tool: string; arguments: unknown; digest: string } {
  if (!entry) throw new AppError("request_not_found");
  const { request } = entry;
  return { tool: request.tool, arguments: request.input, digest: wholeDigest(request) };
}
