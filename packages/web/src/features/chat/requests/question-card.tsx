/** The agent asks. One or many questions, one or many choices each, always with room for one's own words. */
import type { TimelineQuestion, TimelineRequest } from "@hapi/core";
import { useT } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { TextArea } from "../../../ui/field.tsx";
import { cx } from "../../../ui/cx.ts";
import { CodeBlock } from "../../../ui/code-block.tsx";
import { prettyJson } from "../tools/body.model.ts";
import { CardFrame } from "./card-frame.tsx";
import { useRequestDraft } from "./request-drafts.ts";
import { useRequestHost } from "./request-host.tsx";
import {
  answersOf,
  askable,
  choose,
  chooseOther,
  EMPTY_ANSWER,
  isComplete,
  type QuestionDraft,
  readQuestionDrafts,
  serverAsks,
} from "./request.model.ts";
import { HeldTap } from "./held-tap.tsx";
import { useAllowGuard } from "./tap-guard.ts";
import { useAnswer } from "./use-answer.ts";

export function QuestionCard({ request }: { request: TimelineRequest }) {
  const t = useT();
  const { guard, held } = useAllowGuard();
  const { agent } = useRequestHost();
  const { state, approve, deny } = useAnswer(request);
  const [drafts, change] = useRequestDraft<Readonly<Record<string, QuestionDraft>>>(request.id, {}, readQuestionDrafts);
  const questions = askable(request);
  const complete = isComplete(questions, drafts);
  const sending = state.kind === "sending" ? state.what : null;
  const { server, about } = serverAsks(request);
  const asker = server === null ? agent : t("question.server", { server });
  const submit = () => complete && approve({ answers: answersOf(questions, drafts) });
  return (
    <CardFrame
      id={request.id}
      askedIn={request.mode}
      answers={{ approve: t("question.answer"), deny: t("question.skip") }}
      sentence={t("question.sentence", { agent: asker, count: questions.length })}
      state={state}
      footer={
        <div className="flex flex-col gap-2">
          <HeldTap why={held} />
          <div className="flex gap-2">
            <Button className="flex-1" busy={sending === "deny"} disabled={sending === "approve"} onClick={guard.tap(() => deny())}>
              {t("question.skip")}
            </Button>
            <Button
              tone="primary"
              className="flex-1"
              busy={sending === "approve"}
              disabled={!complete || sending === "deny"}
              onClick={guard.tap(submit)}
            >
              {t("question.answer")}
            </Button>
          </div>
        </div>
      }
    >
      <div className="flex flex-col gap-4">
        {about && (
          <p dir="auto" className="wrap-any">
            {about}
          </p>
        )}
        {request.questions.length === 0 && <CodeBlock code={prettyJson(request.input)} language="json" label={t("tool.input")} />}
        {questions.map((question) => (
          <QuestionFields
            key={question.id}
            name={`${request.id}:${question.id}`}
            question={question}
            draft={drafts[question.id] ?? EMPTY_ANSWER}
            disabled={state.kind !== "open"}
            onChange={(next) => change((all) => ({ ...all, [question.id]: next }))}
          />
        ))}
      </div>
    </CardFrame>
  );
}

interface FieldsProps {
  name: string;
  question: TimelineQuestion;
  draft: QuestionDraft;
  disabled: boolean;
  onChange: (draft: QuestionDraft) => void;
}

function QuestionFields({ name, question, draft, disabled, onChange }: FieldsProps) {
  const t = useT();
  const multi = question.multiSelect;
  const free = question.options.length === 0;
  return (
    <fieldset disabled={disabled} className="flex min-w-0 flex-col gap-1">
      <legend className="pb-1">
        {question.header && (
          <span dir="auto" className="block text-start text-small text-quiet">
            {question.header}
          </span>
        )}
        <span dir="auto" className="block font-strong wrap-any">
          {question.question}
        </span>
        {multi && <span className="block text-small text-quiet">{t("question.multi")}</span>}
        {question.isOptional && <span className="block text-small text-quiet">{t("question.optional")}</span>}
      </legend>
      {question.options.map((option) => (
        <Choice
          key={option.label}
          name={name}
          multi={multi}
          checked={draft.chosen.includes(option.label)}
          label={option.label}
          hint={option.description}
          onChoose={() => onChange(choose(draft, option.label, multi))}
        />
      ))}
      {!free && !question.isClosed && (
        <Choice
          name={name}
          multi={multi}
          checked={draft.other}
          label={t("question.other")}
          hint={null}
          onChoose={() => onChange(chooseOther(draft, multi))}
        />
      )}
      {(free || draft.other) && (
        <TextArea
          label={t("question.own")}
          labelHidden
          placeholder={t("question.own")}
          value={draft.text}
          onChange={(event) => onChange({ ...draft, text: event.target.value })}
          className="max-h-40"
        />
      )}
    </fieldset>
  );
}

interface ChoiceProps {
  name: string;
  multi: boolean;
  checked: boolean;
  label: string;
  hint: string | null;
  onChoose: () => void;
}

function Choice({ name, multi, checked, label, hint, onChoose }: ChoiceProps) {
  return (
    <label
      className={cx(
        "flex target cursor-pointer items-start gap-2.5 rounded-control border px-3 py-2.5 hover:bg-hover has-focus-visible:outline-2 has-focus-visible:outline-accent",
        checked ? "border-accent bg-accent-wash" : "border-line",
      )}
    >
      <input
        type={multi ? "checkbox" : "radio"}
        name={name}
        checked={checked}
        onChange={onChoose}
        className="mt-[3px] size-4 shrink-0 outline-none"
      />
      <span className="min-w-0">
        <span dir="auto" className="block wrap-any">
          {label}
        </span>
        {hint && (
          <span dir="auto" className="block text-small wrap-any text-quiet">
            {hint}
          </span>
        )}
      </span>
    </label>
  );
}
