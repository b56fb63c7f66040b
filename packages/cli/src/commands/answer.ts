/**
 * `hapi answer`: allows or denies what an agent asks. A yes is for exactly what was shown: the handle of `hapi requests` says what that was, and a
 * person who gives only the id is shown it first. What could be read only in part is never allowed.
 */
import { type AnswerResult, type ApproveBody, type HubApi } from "@hapi/client";
import { AppError } from "@hapi/protocol";
import { isSet, textValue, type Command, type CommandContext, type ParsedWords } from "../command.ts";
import { hubApi } from "../hub-api.ts";
import { givenAnswers, questionsIn } from "../requests/given-answers.ts";
import { type OpenRequest, openRequests, pickRequest } from "../requests/open-requests.ts";
import { requestBlock } from "../requests/request-words.ts";
import { confirm } from "../tui/confirm.ts";

export const answerCommand: Command = {
  name: "answer",
  reachesHub: true,
  summary: "Allow or deny what an agent asks, or answer its questions",
  usage: "<request> <allow | deny> [options]",
  options: {
    answer: { type: "string", multiple: true, value: "[QUESTION=]CHOICE", help: "with allow: answers a question; again for each" },
    "for-session": { type: "boolean", help: "with allow: from now on in this session, as far as the request says" },
    mode: { type: "string", value: "MODE", help: "with allow: the permission mode to go on in, after a plan" },
    reason: { type: "string", value: "TEXT", help: "with deny: what the agent is told" },
    interrupt: { type: "boolean", help: "with deny: ends its turn as well" },
    json: { type: "boolean", help: "print JSON" },
  },
  takes: { words: 2 },
  examples: [
    "hapi requests                                       <request>: as it stands there, with what it asks behind the @",
    "hapi answer 9dc23a5f@0925fe05a3dd1b7d allow",
    'hapi answer 9dc23a5f deny --reason "use the test database" --interrupt',
    'hapi answer 51350d4f@7be0c2a9911f04de allow --answer "Which colour?=blue" --answer "2=small"',
  ],
  run: runAnswer,
};

type Verdict = "allow" | "deny";
const BELONGS: Readonly<Record<string, Verdict>> = {
  answer: "allow",
  "for-session": "allow",
  mode: "allow",
  reason: "deny",
  interrupt: "deny",
};

async function runAnswer(words: ParsedWords, context: CommandContext): Promise<number> {
  const [wanted, verdict] = words.positionals;
  if (wanted === undefined || (verdict !== "allow" && verdict !== "deny"))
    throw new AppError("invalid_query", "hapi answer needs a request, and allow or deny. See: hapi requests, hapi answer --help");
  checkOptions(words, verdict);
  const api = hubApi(context.env);
  const { found, seen } = pickRequest(wanted, await openRequests(api, await api.sessions.list()));
  const result = verdict === "deny" ? await deny(api, found, words) : await allow(api, found, { words, seen, context });
  report(found, { verdict, result, isJson: isSet(words, "json") }, context);
  return 0;
}

function checkOptions({ values }: ParsedWords, verdict: Verdict): void {
  const stray = Object.keys(values).find((name) => Object.hasOwn(BELONGS, name) && BELONGS[name] !== verdict);
  if (stray !== undefined) throw new AppError("invalid_query", `--${stray} goes with ${BELONGS[stray]}. See: hapi answer --help`);
}

function deny(api: HubApi, { sessionId, request }: OpenRequest, words: ParsedWords): Promise<AnswerResult> {
  const reason = textValue(words, "reason");
  const body = { decision: isSet(words, "interrupt") ? ("abort" as const) : ("denied" as const), ...(reason ? { reason } : {}) };
  return api.permissions.deny(sessionId, request.id, body);
}

interface Allowing {
  words: ParsedWords;
  /** The beginning of the digest of what was shown; null: nothing was. */
  seen: string | null;
  context: CommandContext;
}

async function allow(api: HubApi, found: OpenRequest, { words, seen, context }: Allowing): Promise<AnswerResult> {
  const { sessionId, request } = found;
  if (found.cut || request.shortened)
    throw new AppError(
      "request_shortened",
      "Only a part of what is asked can be read here, so it can't be allowed; try again, or use the web app",
    );
  const body = allowBody(found, words);
  if (seen !== null && request.digest?.startsWith(seen) !== true)
    throw new AppError("request_changed", "What is asked has changed since it was shown; look at it again: hapi requests");
  if (seen === null && request.digest !== null) await mustBeSeen(found, context);
  return api.permissions.approve(sessionId, request.id, body);
}

/** @throws AppError `invalid_query` for what this request does not take */
function allowBody({ request }: OpenRequest, words: ParsedWords): ApproveBody {
  const given = [words.values["answer"] ?? []].flat().filter((word): word is string => typeof word === "string");
  const isForSession = isSet(words, "for-session");
  const mode = textValue(words, "mode");
  if (given.length > 0 && request.kind !== "question") throw new AppError("invalid_query", "It asks no question; --answer goes with one");
  if (isForSession && request.sessionScope === null)
    throw new AppError("invalid_query", "It can't be allowed for the session, only this once: leave --for-session out");
  const answers = request.kind === "question" ? givenAnswers(questionsIn(request), given) : null;
  return {
    decision: isForSession ? "approved_for_session" : "approved",
    ...(answers === null ? {} : { answers }),
    ...(mode === undefined ? {} : { mode }),
    ...(request.digest === null ? {} : { digest: request.digest }),
  };
}

async function mustBeSeen(found: OpenRequest, context: CommandContext): Promise<void> {
  const isAsked = context.terminal.isInteractive;
  if (isAsked) context.terminal.note(requestBlock(found, context));
  if (await confirm("Allow this?", isAsked)) return;
  throw new AppError(
    "invalid_query",
    isAsked ? "Nothing was answered" : `Say what was shown to you: hapi answer ${found.handle} allow. See: hapi requests`,
  );
}

/** As its session and the agent took it. */
const TAKEN = {
  applied: "The agent goes on with that.",
  sent: "The agent has the answer, and has not shown yet that it took it.",
  pending: "The session is away; it gets the answer when it is back.",
} as const;

/** @throws AppError `request_closed` where somebody was faster */
function report(
  { handle, request, sessionId }: OpenRequest,
  { verdict, result, isJson }: { verdict: Verdict; result: AnswerResult; isJson: boolean },
  { terminal, paint }: CommandContext,
): void {
  if (result.status === "closed") throw new AppError("request_closed", closedSentence(result.outcome));
  if (isJson) return terminal.json({ request: handle, id: request.id, sessionId, answer: verdict, status: result.status });
  terminal.out(`${paint.good("✓")} ${verdict === "allow" ? "Allowed" : "Denied"}. ${TAKEN[result.status]}`);
}

const BY: Readonly<Record<string, string>> = { terminal: " in the terminal", policy: " by the permission mode", agent: " by the agent" };

function closedSentence(outcome: Record<string, unknown> | null): string {
  const { status, by } = outcome ?? {};
  const door = typeof by === "string" && Object.hasOwn(BY, by) ? BY[by] : "";
  if (status === "approved") return `Nothing was answered: it was allowed${door} already`;
  if (status === "denied") return `Nothing was answered: it was denied${door} already`;
  return "Nothing was answered: it is over, or somebody else answered it already";
}
