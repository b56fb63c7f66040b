/** One file to fetch for all of them. */
import "../../../i18n/later.ts";
export { AbsentRows } from "./absent-rows.tsx";
export { AttachmentList } from "./attachment-list.tsx";
export { JumpToEnd } from "./jump-to-end.tsx";
export { FailureCard } from "./failure-card.tsx";
export { PlanRow } from "./plan-row.tsx";
export { RetryingRow } from "./retrying-row.tsx";
export { ChangeRow, NoticeRow, SwitchRow, UnknownRow } from "./small-rows.tsx";
