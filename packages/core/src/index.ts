export { type ContentRow, decodeContent } from "./envelope/decode.ts";
export { answeredFact, askedFact, factsOfRow } from "./envelope/facts.ts";
export { readRow, type RowReading } from "./envelope/read-row.ts";
export { isPersonsRow, promptOfRow } from "./envelope/prompt.ts";
export { encodeEvent, type Prompt, promptContent, type WireContent } from "./envelope/encode.ts";
export {
  type HeldPrompts,
  givenPromptsWait,
  heldPromptsWait,
  promptWaits,
  type QueuedPromptFacts,
  SILENT_AFTER_MS,
  type Waits,
} from "./waiting.ts";
export { checkPromptSize, isPromptTooLong, MAX_PROMPT_BYTES, PROMPT_TOO_LONG } from "./prompt-size.ts";
export {
  BACKGROUND_ANSWER_MS,
  BOUNDARY_WAIT_MS,
  decideHandoff,
  type Front,
  type HandoffDecision,
  type HandoffSituation,
  type HandoffWish,
  QUIET_KEYBOARD_MS,
} from "./handoff.ts";
export { isRecord, parseJson } from "./envelope/read.ts";
export { toolKindOf, toolTitleOf } from "./envelope/tools.ts";
export { type PolicyDecision, policyDecision } from "./permission-policy.ts";
export { MAX_TODOS, planEntriesOf } from "./todo-entries.ts";
export { extractTodos } from "./todos.ts";
export { canAdvance, isFinalStage } from "./stages.ts";
export {
  type AgentPromptState,
  DEVICE_STATES,
  type DevicePromptState,
  type PromptHolder,
  type PromptState,
  type SessionPromptState,
  stateInQueue,
  stateOfRow,
} from "./prompt-states.ts";
export { type StageSaid, turnAfterStage, worseEnd } from "./last-turn.ts";
export {
  isUnseenFailure,
  isWaiting,
  newsAt,
  rankOf,
  sessionStatus,
  type SessionStatus,
  type Sight,
  type StatusFacts,
  type StatusName,
  STATUSES,
  type StatusSource,
} from "./status.ts";
export { STATUS_WORDS, statusWord, withCount } from "./status-words.ts";
export { canonicalJson } from "./canonical-json.ts";
export { capitalized, cutText, cutTextStart, shortText, withoutMiddle } from "./text.ts";
export { backgroundCount, compareSummaries, sessionSummary, type SummaryExtras } from "./summary.ts";
export type * from "./timeline/view-model.ts";
export { applyPage, applySyncEvent, closeWindow, openWindow, withGap, withoutDoubtful } from "./sync/apply-event.ts";
export { isUnbegun, positionOf } from "./sync/rows.ts";
export { withList, withListed, withMachines, withoutSession, withoutUnlisted, withSession } from "./sync/sessions.ts";
export { emptySyncState, emptyWindow, type MessageWindow, type Position, type Refetch, type SyncState } from "./sync/state.ts";
export type { PageRequest } from "./sync/window.ts";
export {
  afterFailure,
  doubtSession,
  type Due,
  dueReads,
  leavesGap,
  type ReadFate,
  wantList,
  wantMachines,
  wantSession,
} from "./sync/due.ts";
export { itemsDrawn } from "./sync/streams.ts";
export { createTimeline, type TimelineBuilder } from "./timeline/builder.ts";
export { diffsOfInput, inPlace, relativeTo } from "./timeline/tool-facts.ts";
