/** Rows that most screens of a conversation do not show: to-do lists, failures, retries, notices. Their code comes with the first of them. */
import { lazy, Suspense, type ComponentType } from "react";
import { Skeleton } from "../../../ui/skeleton.tsx";
import type { FailureCard as Failure } from "./failure-card.tsx";
import type { PlanRow as Plan } from "./plan-row.tsx";
import type { RetryingRow as Retrying } from "./retrying-row.tsx";
import type * as Small from "./small-rows.tsx";

export const loadRareRows = () => import("./rare-rows.ts");

function late<Props extends object>(component: () => Promise<ComponentType<Props>>): (props: Props) => React.JSX.Element {
  const Loaded = lazy(async () => ({ default: await component() }));
  return function Late(props) {
    return (
      <Suspense fallback={<Skeleton lines={1} />}>
        <Loaded {...props} />
      </Suspense>
    );
  };
}

export const AbsentRows = late(async () => (await loadRareRows()).AbsentRows);
export const PlanRow = late<Parameters<typeof Plan>[0]>(async () => (await loadRareRows()).PlanRow);
export const FailureCard = late<Parameters<typeof Failure>[0]>(async () => (await loadRareRows()).FailureCard);
export const RetryingRow = late<Parameters<typeof Retrying>[0]>(async () => (await loadRareRows()).RetryingRow);
export const NoticeRow = late<Parameters<typeof Small.NoticeRow>[0]>(async () => (await loadRareRows()).NoticeRow);
export const SwitchRow = late<Parameters<typeof Small.SwitchRow>[0]>(async () => (await loadRareRows()).SwitchRow);
export const ChangeRow = late<Parameters<typeof Small.ChangeRow>[0]>(async () => (await loadRareRows()).ChangeRow);
export const UnknownRow = late<Parameters<typeof Small.UnknownRow>[0]>(async () => (await loadRareRows()).UnknownRow);
