/** A plan to approve: the plan itself, the mode to go on with, or what should be different. */
import { useState } from "react";
import type { TimelineRequest } from "@hapi/core";
import { isComposing } from "../../../ground/composing.ts";
import { useT } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { CodeBlock } from "../../../ui/code-block.tsx";
import { Select, TextArea } from "../../../ui/field.tsx";
import { Markdown } from "../../../ui/markdown.tsx";
import { useModeName } from "../header/mode-names.ts";
import { wholeJson } from "../tools/body.model.ts";
import { CardFrame } from "./card-frame.tsx";
import { readWords, useRequestDraft } from "./request-drafts.ts";
import { useRequestHost } from "./request-host.tsx";
import { modesAfterPlan, wordsOf } from "./request.model.ts";
import { HeldTap } from "./held-tap.tsx";
import { useAllowGuard } from "./tap-guard.ts";
import { useAnswer, type Answering } from "./use-answer.ts";
import { useDecisionKeys } from "./use-decision-keys.ts";

export function PlanCard({ request }: { request: TimelineRequest }) {
  const t = useT();
  const { agent } = useRequestHost();
  const answering = useAnswer(request);
  return (
    <CardFrame
      id={request.id}
      askedIn={request.mode}
      answers={{ approve: t("plan.approve"), deny: t("plan.keep") }}
      sentence={t("plan.sentence", { agent })}
      note={request.title}
      state={answering.state}
      words={wordsOf(request)}
      footer={<Decide request={request} answering={answering} />}
    >
      {request.plan ? (
        <Markdown text={request.plan} />
      ) : (
        <CodeBlock code={wholeJson(request.input)} language="json" label={t("tool.input")} />
      )}
    </CardFrame>
  );
}

function Decide({ request, answering }: { request: TimelineRequest; answering: Answering }) {
  const t = useT();
  const { guard, held } = useAllowGuard();
  const modeName = useModeName();
  const { modes } = useRequestHost();
  const choices = modesAfterPlan(modes);
  const [mode, setMode] = useState(choices[0] ?? "");
  const [feedback, change] = useRequestDraft<string | null>(`${request.id}:feedback`, null, readWords);
  const { state, approve, deny } = answering;
  const sending = state.kind === "sending" ? state.what : null;
  const allow = () => approve(mode ? { mode } : {});
  const keepPlanning = () => (feedback === null ? change(() => "") : deny(feedback.trim() ? { reason: feedback.trim() } : {}));
  useDecisionKeys(request.id, { allow: guard.key(allow), deny: keepPlanning, denyWithReason: keepPlanning });
  return (
    <div className="flex flex-col gap-2">
      {feedback !== null && (
        <TextArea
          label={t("plan.feedback")}
          autoFocus
          value={feedback}
          maxLength={10_000}
          onChange={(event) => change(() => event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && !isComposing(event.nativeEvent) && change(() => null)}
          className="max-h-40"
        />
      )}
      {feedback === null && choices.length > 1 && (
        <Select label={t("plan.mode")} value={mode} onChange={(event) => setMode(event.target.value)}>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {modeName(choice)}
            </option>
          ))}
        </Select>
      )}
      <HeldTap why={held} />
      <div className="flex gap-2">
        <Button
          className="flex-1"
          shortcut="D"
          busy={sending === "deny"}
          disabled={sending === "approve"}
          onClick={guard.tap(keepPlanning)}
        >
          {feedback === null ? t("plan.keep") : t("plan.sendFeedback")}
        </Button>
        <Button
          tone="primary"
          className="flex-1"
          shortcut="A"
          busy={sending === "approve"}
          disabled={sending === "deny"}
          onClick={guard.allow(allow)}
        >
          {t("plan.approve")}
        </Button>
      </div>
    </div>
  );
}
