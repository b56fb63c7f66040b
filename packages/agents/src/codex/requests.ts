/**
 * What Codex asks, and what it is answered. Invariant: only what a person allowed is answered with a word that allows, and never with more than they
 * said; a refusal is `decline`, `cancel`, or an answer that grants nothing. Whoever answers first is heard; the item shows which answer that was.
 */
import { isRecord } from "@hapi/core";
import type { AgentRequest, RequestAnswer, RequestOutcome } from "../driver.ts";
import { refusingEdits } from "../shared/edited.ts";
import { elicitation, elicitationReply, QUESTION_TOOL } from "../shared/elicitation.ts";
import type { Heard } from "./link.ts";
import type { RpcId } from "../shared/jsonrpc.ts";
import { fields, filled, list, text, type Fields } from "../shared/read.ts";
import { isTool } from "./items.ts";
import type { OpenRequest, Translation } from "./state.ts";

type Asked = Omit<AgentRequest, "id">;
type Draw = (params: Fields, item: Fields) => Asked | null;

const asks: Readonly<Record<string, Draw>> = {
  "item/commandExecution/requestApproval": (params) => ({
    kind: "permission",
    tool: "exec_command",
    input: withoutEmpty({
      command: text(params["command"]) ?? "",
      cwd: params["cwd"],
      network: params["networkApprovalContext"],
      permissions: params["additionalPermissions"],
    }),
    ...title(params["reason"]),
    ...(offers(params, "acceptForSession") || filled(params["command"]) ? { sessionScope: "this very command" } : {}),
  }),
  "item/fileChange/requestApproval": (params, item) => ({
    kind: "permission",
    tool: "apply_patch",
    input: withoutEmpty({ changes: item["changes"], grantRoot: params["grantRoot"] }),
    ...title(params["reason"]),
    sessionScope: "changes to these files",
  }),
  "item/permissions/requestApproval": (params) => ({
    kind: "permission",
    tool: "request_permissions",
    input: { permissions: params["permissions"], cwd: params["cwd"] },
    ...title(params["reason"]),
    sessionScope: "exactly these permissions",
  }),
  "item/tool/requestUserInput": (params) => ({
    kind: "question",
    tool: QUESTION_TOOL,
    input: { questions: list(params["questions"]).map(questionOf) },
  }),
  "mcpServer/elicitation/request": elicitationOf,
};

const title = (reason: unknown) => (filled(reason) ? { title: String(reason) } : {});
const offers = (params: Fields, decision: string) => list(params["availableDecisions"]).includes(decision);
const withoutEmpty = (input: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined && value !== null));

function questionOf(value: unknown) {
  const { question, header, options } = fields(value);
  return {
    question: text(question) ?? "",
    header: text(header) ?? "",
    multiSelect: false,
    options: list(options).map((option) => ({
      label: text(fields(option)["label"]) ?? "",
      description: text(fields(option)["description"]) ?? "",
    })),
  };
}

const elicited = (params: Fields) => elicitation(params, filled(params["serverName"]));

/**
 * A form asks each of its fields, an address whether it was opened. A form without fields asks for leave, as Codex itself does before it calls a
 * server's tool. Other modes are another program's own and are shown as they are.
 */
function elicitationOf(params: Fields): Asked | null {
  const found = elicited(params);
  if (found?.ask.type !== "form" || found.ask.fields.length > 0) return found?.request ?? null;
  const message = text(params["message"]) ?? "";
  return { kind: "permission", tool: `mcp__${String(params["serverName"])}`, input: { message }, title: message };
}

export const requestIdOf = (launchId: string, rpcId: RpcId) => `${launchId}.${rpcId}`;

/** False: nothing that a person can be asked. */
export function asked(
  to: Pick<Translation, "state" | "emit">,
  rpcId: RpcId,
  { method, params: value }: Pick<Heard, "method" | "params">,
): boolean {
  const params = fields(value);
  const id = requestIdOf(to.state.launchId, rpcId);
  const known = to.state.requests[id];
  if (known?.resolved) return true;
  const request = known?.request ?? drawn(to, { id, method, params });
  if (!request) return false;
  to.state.requests[id] = { request, rpcId, method, itemId: filled(params["itemId"]) ?? null, params, answered: null };
  to.emit({ type: "request", request });
  return true;
}

function drawn(
  { state }: Pick<Translation, "state">,
  { id, method, params }: { id: string; method: string; params: Fields },
): AgentRequest | null {
  const itemId = filled(params["itemId"]);
  const item = itemId === undefined ? undefined : state.turn?.open[itemId];
  const draw = asks[method]?.(params, item ?? {});
  if (!draw) return null;
  return { id, ...draw, ...(itemId === undefined || draw.kind === "question" ? {} : { toolCallId: itemId }) };
}

type Reply = (params: Fields, answer: RequestAnswer) => unknown;

const isAllowed = (answer: RequestAnswer): answer is Allowed => answer.behavior === "allow";
const refusalOf = (answer: RequestAnswer) => (answer.behavior === "deny" && answer.interrupt === true ? "cancel" : "decline");

const decide: Reply = (_, answer) => ({
  decision: isAllowed(answer) ? (answer.forSession ? "acceptForSession" : "accept") : refusalOf(answer),
});

const replies: Readonly<Record<string, Reply>> = {
  "item/permissions/requestApproval": (params, answer) => ({
    permissions: isAllowed(answer) ? withoutEmpty({ ...fields(params["permissions"]) }) : {},
    scope: isAllowed(answer) && answer.forSession ? "session" : "turn",
  }),
  "item/tool/requestUserInput": (params, answer) => ({
    answers: isAllowed(answer) ? answersTo(list(params["questions"]).map(fields), answer) : {},
  }),
  "mcpServer/elicitation/request": (params, answer) =>
    isAllowed(answer)
      ? { action: "accept", content: contentOf(params, answer), _meta: null }
      : { action: refusalOf(answer), content: null, _meta: null },
};

/** What the server is told. */
const replyTo = ({ method, params }: OpenRequest, answer: RequestAnswer): unknown => (replies[method] ?? decide)(params, answer);

export type Decision = Required<Pick<OpenRequest, "answered" | "reply">> & Pick<OpenRequest, "reason">;

/** What an answer comes to: how it counts, and what the server is told. */
export function decisionOn(open: OpenRequest, given: RequestAnswer): Decision {
  // A question is answered with words beside it.
  const answer = open.request.kind === "question" ? given : refusingEdits(open.request, given);
  const reply = replyTo(open, answer);
  if (answer.behavior === "allow") return { answered: "approved", reply };
  return { answered: "denied", reply, ...(answer.reason ? { reason: answer.reason } : {}) };
}

type Allowed = Extract<RequestAnswer, { behavior: "allow" }>;

/** Clients name a question by its words or by its place. */
function saidTo({ answers }: Allowed, question: string, at: number): string[] {
  const said: unknown = isRecord(answers) ? (answers[question] ?? answers[String(at)]) : undefined;
  const words = isRecord(said) ? said["answers"] : said;
  if (typeof words === "string") return [words];
  return list(words).filter((word): word is string => typeof word === "string");
}

const answersTo = (questions: readonly Fields[], answer: Allowed) =>
  Object.fromEntries(
    questions.map((question, at) => [String(question["id"]), { answers: saidTo(answer, text(question["question"]) ?? "", at) }]),
  );

/** @throws AppError `invalid_body` for a form that the server could not take; the question stays open. */
function contentOf(params: Fields, answer: Allowed): unknown {
  const found = elicited(params);
  if (!found) return null;
  const reply = elicitationReply(found.ask, answer);
  return "content" in reply ? reply.content : null;
}

/** A sub-agent asks on a thread of its own, whose items are not heard. */
const isOfAnother = ({ state }: Translation, { params }: OpenRequest) => (filled(params["threadId"]) ?? state.threadId) !== state.threadId;

/** `serverRequest/resolved`: nobody is asked any more. Which answer it was, the item will show; a question has no item. */
export function resolved(to: Translation, rpcId: RpcId): void {
  const open = to.state.requests[requestIdOf(to.state.launchId, rpcId)];
  if (!open || open.resolved) return;
  open.resolved = true;
  const isSure = open.itemId === null || open.request.kind === "question" || isOfAnother(to, open);
  close(to, open, { outcome: open.answered ?? "resolved", by: open.answered ? "remote" : "terminal", isSure });
}

/** The thread waits for no answer: whatever was open on it is answered, by whomever. */
export function nobodyWaits(to: Translation): void {
  for (const open of Object.values(to.state.requests)) if (!isOfAnother(to, open)) resolved(to, open.rpcId);
}

/** The item that it held up is over: declined, or not. */
export function itemShows(to: Translation, item: Fields): void {
  if (isTool(String(item["type"]))) showed(to, item["id"], item["status"] === "declined" ? "denied" : "approved");
}

/** It says something: it runs. */
export const itemRuns = (to: Translation, itemId: unknown): void => showed(to, itemId, "approved");

function showed(to: Translation, itemId: unknown, outcome: "approved" | "denied"): void {
  for (const open of Object.values(to.state.requests)) {
    if (open.itemId !== itemId || open.request.kind === "question") continue;
    close(to, open, { outcome, by: open.answered === outcome ? "remote" : "terminal", isSure: true });
  }
}

/** A turn that is over asks nothing any more. */
export function turnOver(to: Translation): void {
  for (const open of Object.values(to.state.requests)) {
    if (open.resolved && open.answered) close(to, open, { outcome: open.answered, by: "remote", isSure: true });
    else close(to, open, { outcome: "canceled", by: "agent", isSure: true });
  }
}

interface Closing {
  outcome: RequestOutcome;
  by: "remote" | "terminal" | "agent";
  isSure: boolean;
}

function close(to: Translation, open: OpenRequest, { outcome, by, isSure }: Closing): void {
  const { id } = open.request;
  if (isSure) delete to.state.requests[id];
  const reason = open.reason !== undefined && by === "remote" ? { reason: open.reason } : {};
  to.emit({ type: "request-closed", id, outcome, by, ...reason, ...(isSure ? {} : { certain: false as const }) });
}
