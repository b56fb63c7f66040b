/** Answers to what agents ask, and what they ask in full. */
import { isRecord } from "@hapi/core";
import { type Answers, AppError, type Decision, parser } from "@hapi/protocol";
import * as z from "zod/mini";
import { type Ask, expected, sessionPath, SLOW_MS } from "./asking.ts";

/** `pending`: the hub has it and the session gets it when it is back. `closed`: someone was faster. */
/** `sent`: the agent has it and has not shown yet that it took it; the session's state tells. */
export type AnswerResult = { status: "applied" | "sent" | "pending" } | { status: "closed"; outcome: Record<string, unknown> | null };

export interface ApproveBody {
  decision?: Decision;
  mode?: string;
  allowTools?: string[];
  answers?: Answers;
  updatedInput?: unknown;
  /** Of what was shown. */
  digest?: string;
}

async function answered(call: Promise<unknown>): Promise<AnswerResult> {
  try {
    const told = await call;
    const status = isRecord(told) ? told["status"] : undefined;
    return { status: status === "pending" || status === "sent" ? status : "applied" };
  } catch (cause) {
    if (!(cause instanceof AppError) || (cause.code !== "request_closed" && cause.code !== "request_not_found")) throw cause;
    const { outcome } = cause.details;
    return { status: "closed", outcome: typeof outcome === "object" && outcome !== null ? { ...outcome } : null };
  }
}

const wholeRequestSchema = z.looseObject({ tool: z.string(), arguments: z.unknown(), digest: z.string() });
export type WholeRequest = z.output<typeof wholeRequestSchema>;
const readWhole = parser(wholeRequestSchema);

export function permissionCalls({ request }: Ask) {
  const path = (id: string, requestId: string): string => sessionPath(id, `/permissions/${encodeURIComponent(requestId)}`);
  const answer = (at: string, body: unknown): Promise<AnswerResult> => answered(request("POST", at, { body, timeoutMs: SLOW_MS }));
  return {
    approve: (id: string, requestId: string, body: ApproveBody = {}) => answer(`${path(id, requestId)}/approve`, body),
    deny: (id: string, requestId: string, body: { decision?: Decision; reason?: string } = {}) =>
      answer(`${path(id, requestId)}/deny`, body),
    /** All that an open request asks, where it was told shortened. */
    async whole(id: string, requestId: string): Promise<WholeRequest> {
      return expected(readWhole(await request("GET", path(id, requestId), { timeoutMs: SLOW_MS })));
    },
  };
}
