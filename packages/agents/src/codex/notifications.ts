/** What the app server says of its own accord, about the session's thread. */
import { shortText } from "@hapi/core";
import { type NoticeWords, noticeWords, type TodoItem } from "@hapi/protocol";
import { fields, filled, list, text, type Fields } from "../shared/read.ts";
import { failureOf, usedUpUntil } from "./failures.ts";
import { deltaOf, type LiveText } from "./live-text.ts";
import { modeOf, settingsOf } from "./modes.ts";
import { itemRuns, resolved } from "./requests.ts";
import { record, type Translation } from "./state.ts";
import { itemCompleted, itemStarted, tokensUsed, turnCompleted, turnOf } from "./turns.ts";
import { PASSED } from "./vocabulary.ts";

const MAX_TITLE = 500;
const MAX_TODOS = 500;

export interface Listening {
  to: Translation;
  live: LiveText;
  /** The turn that a retry of ours began. */
  isRetry(turnId: string): boolean;
  /** The thread is in an error that no turn has told. */
  systemError(): void;
  /** What is asked of nobody in particular: warnings, each once. */
  warned(key: string, words: string): void;
}

export function notified(at: Listening, method: string, value: unknown): void {
  const { to } = at;
  const params = fields(value);
  const threadId = filled(params["threadId"]);
  // A sub-agent's thread is not told, but what it asks is asked here.
  if (threadId !== undefined && threadId !== to.state.threadId && method !== "serverRequest/resolved") return;
  if (method === "item/commandExecution/outputDelta") itemRuns(to, params["itemId"]);
  const delta = deltaOf(method, params);
  if (delta) return at.live.delta(to, delta);
  const handle = handlers[method];
  if (handle) return handle(at, params);
  if (PASSED.has(method)) return;
  to.unknown("notification", method);
  const id = `${to.state.launchId}:raw:${method}:${to.now()}`;
  record(to, { key: id }, { type: "unknown", id, raw: { method, params } });
}

const turnIn = ({ to, isRetry }: Listening, id: unknown) => turnOf(to, String(id), { retry: isRetry(String(id)) });

const handlers: Readonly<Record<string, (at: Listening, params: Fields) => void>> = {
  "turn/started": (at, params) => void turnIn(at, fields(params["turn"])["id"]),
  "turn/completed"(at, params) {
    const said = fields(params["turn"]);
    const turn = turnIn(at, said["id"]);
    if (turn) turnCompleted(at.to, turn, said);
  },
  "item/started"(at, params) {
    const turn = turnIn(at, params["turnId"]);
    const item = fields(params["item"]);
    if (!turn) return;
    at.live.begun(item);
    itemStarted(at.to, turn, item);
  },
  "item/completed"(at, params) {
    const turn = turnIn(at, params["turnId"]);
    const item = fields(params["item"]);
    if (!turn) return;
    at.live.done(at.to, item);
    itemCompleted(at.to, turn, item);
  },
  "thread/reverted": ({ to }) => told(to, "reverted", noticeWords("conversation_rewound_back")),
  "model/rerouted"({ to }, params) {
    const word = (name: string) => text(params[name]) ?? "?";
    const words = noticeWords("model_other", { model: word("toModel"), before: word("fromModel"), reason: word("reason") });
    told(to, "rerouted", words);
  },
  "serverRequest/resolved": ({ to }, params) => void resolved(to, params["requestId"] as string | number),
  "thread/tokenUsage/updated": ({ to }, params) => tokensUsed(to, params),
  "account/rateLimits/updated": ({ to }, params) => limitsAre(to, fields(params["rateLimits"])),
  "turn/plan/updated": ({ to }, params) => todos(to, params),
  "thread/settings/updated": ({ to }, params) => settingsAre(to, params["threadSettings"] ?? params["settings"] ?? params),
  "thread/name/updated"({ to }, params) {
    const title = filled(params["threadName"]) ?? filled(params["name"]);
    if (title === undefined || title === to.state.title) return;
    to.state.title = title;
    to.emit({ type: "title", title: shortText(title, MAX_TITLE) });
  },
  "thread/status/changed"(at, params) {
    if (fields(params["status"])["type"] === "systemError") at.systemError();
  },
  error: ({ to }, params) => retrying(to, params),
  warning: (at, params) => at.warned("warning", text(params["message"]) ?? ""),
  guardianWarning: (at, params) => at.warned("guardian", text(params["message"]) ?? ""),
  configWarning: (at, params) => at.warned("config", [params["summary"], params["details"]].filter(filled).join(": ")),
  deprecationNotice: (at, params) => at.warned("deprecation", [params["summary"], params["details"]].filter(filled).join(": ")),
};

function told(to: Translation, what: string, words: NoticeWords): void {
  const id = `${to.state.launchId}:${what}:${to.now()}`;
  record(to, { key: id }, { type: "notice", id, ...words, level: "warning" });
}

/** What it does not say is as it was. */
function limitsAre({ state }: Translation, limits: Fields): void {
  const until = usedUpUntil(limits);
  if (until !== undefined) state.usedUpUntil = until;
}

const todoStatuses: Readonly<Record<string, TodoItem["status"]>> = {
  pending: "pending",
  inProgress: "in_progress",
  completed: "completed",
};

/** The list has no item in the thread: what was not heard of it is not there any more. */
function todos(to: Translation, params: Fields): void {
  const turn = turnOf(to, String(params["turnId"]));
  if (!turn) return;
  const entries = list(params["plan"])
    .slice(0, MAX_TODOS)
    .map((value, at): TodoItem => {
      const { step, status } = fields(value);
      return { id: String(at + 1), content: text(step) ?? "", status: todoStatuses[String(status)] ?? "pending", priority: "medium" };
    });
  const id = `${turn.id}:plan:${++turn.plans}`;
  record(to, { key: id }, { type: "plan", id, entries });
}

export function settingsAre(to: Translation, value: unknown): void {
  const { state } = to;
  const before = state.settings;
  state.settings = settingsOf(value, state.settings);
  const mode = modeOf(state.settings);
  if (mode !== null && mode !== state.mode) {
    state.mode = mode;
    to.emit({ type: "mode", mode });
  }
  if (state.settings.model !== before.model) to.emit({ type: "model", model: state.settings.model });
  if (state.settings.effort !== before.effort) to.emit({ type: "effort", effort: state.settings.effort });
}

const ATTEMPT = /(\d+)\/(\d+)/;

/** One that is final comes again as the end of its turn. */
function retrying(to: Translation, params: Fields): void {
  if (params["willRetry"] !== true) return;
  const turn = turnOf(to, String(params["turnId"]));
  if (!turn) return;
  const error = fields(params["error"]);
  const [, attempt, maxAttempts] = ATTEMPT.exec(text(error["message"]) ?? "") ?? [];
  const id = `${turn.id}:retry:${++turn.retries}`;
  const details = filled(error["additionalDetails"]);
  const failure = failureOf(details === undefined ? error : { ...error, message: details });
  record(
    to,
    { key: id },
    {
      type: "retrying",
      id,
      attempt: Number(attempt ?? turn.retries),
      maxAttempts: Number(maxAttempts ?? turn.retries),
      delayMs: 0,
      failure,
    },
  );
}
