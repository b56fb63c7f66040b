/** Anything that waits for a person. What kind it is decides the form; a kind nobody knows is still shown and can be allowed or denied. */
import "../../../i18n/later.ts";
import { memo } from "react";
import type { TimelineRequest } from "@hapi/core";
import { PermissionCard } from "./permission-card.tsx";
import { PlanCard } from "./plan-card.tsx";
import { QuestionCard } from "./question-card.tsx";

export const RequestCard = memo(function RequestCard({ request }: { request: TimelineRequest }) {
  switch (request.kind) {
    case "question":
      return <QuestionCard key={request.id} request={request} />;
    case "plan":
      return <PlanCard key={request.id} request={request} />;
    case "permission":
      return <PermissionCard key={request.id} request={request} />;
  }
});
