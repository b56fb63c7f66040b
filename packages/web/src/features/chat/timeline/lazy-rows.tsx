/** Rows that most screens of a conversation do not show: to-do lists, failures, retries, notices. Their code comes with the first of them. */
import type { ComponentType, ReactNode } from "react";
import { part } from "../../../ui/part.tsx";
import { source } from "../../../ground/source.ts";
import { Skeleton } from "../../../ui/skeleton.tsx";
import type * as Rare from "./rare-rows.ts";

const rows = source(() => import("./rare-rows.ts"));
export const loadRareRows = rows.load;

const rare = <Props extends object>(pick: (module: typeof Rare) => ComponentType<Props>): ((props: Props) => ReactNode) =>
  part(rows, pick, { waiting: () => <Skeleton lines={1} /> });

export const AbsentRows = rare((module) => module.AbsentRows);
export const AttachmentList = rare((module) => module.AttachmentList);
/** For one who has scrolled up. */
export const JumpToEnd = part(rows, (module) => module.JumpToEnd, { late: "quiet" });
export const PlanRow = rare((module) => module.PlanRow);
export const FailureCard = rare((module) => module.FailureCard);
export const RetryingRow = rare((module) => module.RetryingRow);
export const NoticeRow = rare((module) => module.NoticeRow);
export const SwitchRow = rare((module) => module.SwitchRow);
export const ChangeRow = rare((module) => module.ChangeRow);
export const UnknownRow = rare((module) => module.UnknownRow);
