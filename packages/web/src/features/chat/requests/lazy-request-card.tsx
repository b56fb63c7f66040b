/** A request card whose code comes when there is a request; the chat asks for it early, as soon as it has nothing better to do. */
import { lazy, Suspense } from "react";
import type { TimelineRequest } from "@hapi/core";
import { Card } from "../../../ui/card.tsx";
import { Skeleton } from "../../../ui/skeleton.tsx";

export const loadRequestCard = () => import("./request-card.tsx");

const Loaded = lazy(async () => ({ default: (await loadRequestCard()).RequestCard }));

export function RequestCard({ request }: { request: TimelineRequest }) {
  const waiting = (
    <Card tone="waiting">
      <Skeleton lines={3} />
    </Card>
  );
  return (
    <Suspense fallback={waiting}>
      <Loaded request={request} />
    </Suspense>
  );
}
