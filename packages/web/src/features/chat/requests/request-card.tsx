/** Anything that waits for a person. What kind it is decides the form; a kind nobody knows is still shown and can be allowed or denied. */
import "../../../i18n/later.ts";
import { memo } from "react";
import type { TimelineRequest } from "@hapi/core";
import { PermissionCard } from "./permission-card.tsx";
import { PlanCard } from "./plan-card.tsx";
import { QuestionCard } from "./question-card.tsx";
import { ShortenedCard } from "./shortened-card.tsx";
import { useWhole } from "./use-whole.ts";

export const RequestCard = memo(function RequestCard({ request }: { request: TimelineRequest }) {
  const whole = useWhole(request);
  // Another call under the same id is another card.
  const key = `${request.id} ${request.digest ?? ""}`;
  if (whole.request === null) return <ShortenedCard key={key} request={request} whole={whole} />;
  switch (request.kind) {
    case "question":
      return <QuestionCard key={key} request={whole.request} />;
    case "plan":
      return <PlanCard key={key} request={whole.request} />;
    case "permission":
      return <PermissionCard key={key} request={whole.request} />;
  }
});
