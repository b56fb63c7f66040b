export { type ContentRow, decodeContent } from "./envelope/decode.ts";
export { encodeEvent, type Prompt, promptContent, type WireContent } from "./envelope/encode.ts";
export { toolKindOf, toolObjectOf, toolTitleOf } from "./envelope/tools.ts";
export { type PolicyDecision, policyDecision } from "./permission-policy.ts";
export { MAX_TODOS, planEntriesOf } from "./todo-entries.ts";
export { extractTodos } from "./todos.ts";
export { canAdvance, isFinalStage, laterStage } from "./stages.ts";
export { compareSummaries, MAX_SUMMARY_REQUESTS, sessionSummary, type SummaryExtras } from "./summary.ts";
export type * from "./timeline/types.ts";
