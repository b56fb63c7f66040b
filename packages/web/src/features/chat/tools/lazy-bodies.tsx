/** What a row shows when it is open. Its code comes with the first row that is opened, or when the chat has nothing better to do. */
import { lazy, Suspense } from "react";
import type { ToolItem } from "@hapi/core";
import { Skeleton } from "../../../ui/skeleton.tsx";

export const loadBodies = () => import("./tool-body.tsx");

const Body = lazy(async () => ({ default: (await loadBodies()).ToolBody }));
const Json = lazy(async () => ({ default: (await loadBodies()).JsonBody }));
const Output = lazy(async () => ({ default: (await loadBodies()).CommandOutput }));

export function ToolBody({ item }: { item: ToolItem }) {
  return (
    <Suspense fallback={<Skeleton lines={3} />}>
      <Body item={item} />
    </Suspense>
  );
}

export function JsonBody({ value }: { value: unknown }) {
  return (
    <Suspense fallback={<Skeleton lines={3} />}>
      <Json value={value} />
    </Suspense>
  );
}

export function CommandOutput(props: { text: string; isMarkdown: boolean }) {
  return (
    <Suspense fallback={<Skeleton lines={3} />}>
      <Output {...props} />
    </Suspense>
  );
}
