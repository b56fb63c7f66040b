/** `/api/sessions/:id/messages…` */
import { queuedStateBody, sendMessageSchema, AppError } from "@hapi/protocol";
import { Hono } from "hono";
import type { SessionAccess } from "../../sessions/access.ts";
import type { ApiEnv } from "../api-env.ts";
import { needs } from "../needs.ts";
import { readBody } from "../body.ts";
import type { Prompts } from "../../messages/prompts.ts";
import type { MessageStore, PageQuery } from "../../messages/store.ts";
import type { PromptWatch } from "../../messages/watch.ts";

const defaultLimit = 50;
const maxLimit = 200;

export function messageRoutes(deps: { access: SessionAccess; messages: MessageStore; prompts: Prompts; watch: PromptWatch }): Hono<ApiEnv> {
  const { access, messages, prompts, watch } = deps;
  const app = new Hono<ApiEnv>();

  app.get("/sessions/:id/messages", needs("sessions:read"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    return c.json(watch.withWaiting(session.id, await messages.page(session.id, parsePageQuery(c.req.query()))));
  });
  app.get("/prompts/waiting", needs("sessions:read"), (c) => c.json(watch.waiting(c.get("namespace"))));
  app.post("/sessions/:id/messages", needs("sessions:send"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    const message = await prompts.post(session, await readBody(c, sendMessageSchema));
    return c.json({ ok: true, message: { id: message.id, localId: message.localId, stage: message.stage } });
  });
  app.post("/sessions/:id/messages/queued-state", needs("sessions:read"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    const { localIds } = await readBody(c, queuedStateBody);
    return c.json(await prompts.queuedState(session, localIds));
  });
  app.delete("/sessions/:id/messages/:messageId", needs("sessions:send", { whileLocked: true }), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    return c.json(await prompts.cancel(session, c.req.param("messageId")));
  });
  app.post("/sessions/:id/messages/:messageId/steer", needs("sessions:send"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    return c.json(await prompts.steer(session, c.req.param("messageId")));
  });
  app.post("/sessions/:id/messages/:messageId/retry", needs("sessions:send"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    return c.json(await prompts.retry(session, c.req.param("messageId")));
  });
  return app;
}

const known = ["limit", "beforeSeq", "beforeAt", "afterSeq", "afterAt", "untilSeq", "untilAt", "epoch"] as const;
type Numbers = Partial<Record<(typeof known)[number], number>>;

/** `before*` xor `after*`; `until*` and `epoch` only with `after*`. */
export function parsePageQuery(query: Record<string, string>): PageQuery {
  const numbers = readNumbers(query);
  const limit = numbers.limit ?? defaultLimit;
  if (limit < 1 || limit > maxLimit) throw invalid(`limit must be between 1 and ${maxLimit}`);
  const before = pair(numbers.beforeAt, numbers.beforeSeq, "before");
  const after = pair(numbers.afterAt, numbers.afterSeq, "after");
  const until = pair(numbers.untilAt, numbers.untilSeq, "until");
  if (before && after) throw invalid("before and after exclude each other");
  if (!after && (until || numbers.epoch !== undefined)) throw invalid("until and epoch go with after only");
  if (before) return { direction: "before", limit, ...before };
  if (!after) return { direction: "latest", limit };
  return {
    direction: "after",
    limit,
    ...after,
    ...(until ? { until } : {}),
    ...(numbers.epoch === undefined ? {} : { epoch: numbers.epoch }),
  };
}

function readNumbers(query: Record<string, string>): Numbers {
  const numbers: Numbers = {};
  for (const name of known) {
    const text = query[name];
    if (text === undefined || text === "") continue;
    if (!/^\d{1,16}$/.test(text)) throw invalid(`${name} must be a whole number`);
    numbers[name] = Number(text);
  }
  return numbers;
}

function pair(at: number | undefined, seq: number | undefined, name: string): { at: number; seq: number } | null {
  if (at === undefined && seq === undefined) return null;
  if (at === undefined || seq === undefined) throw invalid(`${name}At and ${name}Seq go together`);
  return { at, seq };
}

function invalid(message: string): AppError {
  return new AppError("invalid_query", undefined, { details: { issues: [{ message }] } });
}
