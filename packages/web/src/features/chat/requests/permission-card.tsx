/** May the agent do this? The thing itself comes first; Deny is as easy as Allow, and takes a reason that reaches the agent. */
import type { TimelineRequest } from "@hapi/core";
import { isComposing } from "../../../ground/composing.ts";
import { useT, type MessageKey } from "../../../i18n/index.ts";
import { Button, IconButton } from "../../../ui/button.tsx";
import { TextArea } from "../../../ui/field.tsx";
import { scopeText } from "../timeline/notice-words.ts";
import { CardFrame } from "./card-frame.tsx";
import { readWords, useRequestDraft } from "./request-drafts.ts";
import { useRequestHost } from "./request-host.tsx";
import { noteOf, wishOf, wordsOf, type Wish } from "./request.model.ts";
import { RequestedThing } from "./requested-thing.tsx";
import { HeldTap } from "./held-tap.tsx";
import { useAllowGuard } from "./tap-guard.ts";
import { useAnswer, type Answering } from "./use-answer.ts";
import { useDecisionKeys } from "./use-decision-keys.ts";
import { toolName } from "../../../i18n/names.model.ts";

const SENTENCES = {
  command: "wish.command",
  commandIn: "wish.commandIn",
  edit: "wish.edit",
  create: "wish.create",
  delete: "wish.delete",
  move: "wish.move",
  read: "wish.read",
  search: "wish.search",
  fetch: "wish.fetch",
  agent: "wish.agent",
  todo: "wish.todo",
  plan: "plan.sentence",
  tool: "wish.tool",
} as const satisfies Record<Wish, MessageKey>;

export function PermissionCard({ request }: { request: TimelineRequest }) {
  const t = useT();
  const { agent, directory } = useRequestHost();
  const answering = useAnswer(request);
  const sentence = t(SENTENCES[wishOf(request, directory)], { agent, directory, object: request.object, tool: toolName(request.tool) });
  return (
    <CardFrame
      id={request.id}
      askedIn={request.mode}
      sentence={sentence}
      note={noteOf(request)}
      state={answering.state}
      words={wordsOf(request)}
      footer={<Decisions request={request} answering={answering} />}
    >
      <RequestedThing request={request} />
    </CardFrame>
  );
}

function Decisions({ request, answering }: { request: TimelineRequest; answering: Answering }) {
  const t = useT();
  const { guard, held } = useAllowGuard();
  const [reason, change] = useRequestDraft<string | null>(`${request.id}:reason`, null, readWords);
  const setReason = (next: string | null): void => change(() => next);
  const { state, approve } = answering;
  const deny = () => answering.deny(reason?.trim() ? { reason: reason.trim() } : {});
  const sending = state.kind === "sending" ? state.what : null;
  useDecisionKeys(request.id, { allow: guard.key(() => approve()), deny, denyWithReason: () => change((text) => text ?? "") });
  return (
    <div className="flex flex-col gap-2">
      {reason !== null && (
        <TextArea
          label={t("request.reason")}
          hint={t("request.reason.hint")}
          autoFocus
          value={reason}
          maxLength={10_000}
          onChange={(event) => setReason(event.target.value)}
          onKeyDown={(event) => {
            if (isComposing(event.nativeEvent)) return;
            if (event.key === "Escape") setReason(null);
            if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) deny();
          }}
          className="max-h-40"
        />
      )}
      <HeldTap why={held} />
      <div className="flex gap-2">
        <Button className="flex-1" shortcut="D" busy={sending === "deny"} disabled={sending === "approve"} onClick={guard.tap(deny)}>
          {t("request.deny")}
        </Button>
        {reason === null && (
          <IconButton
            icon="edit"
            tone="plain"
            label={t("request.denyWithReason")}
            disabled={sending !== null}
            onClick={() => setReason("")}
          />
        )}
        <Button
          tone="primary"
          className="flex-1"
          shortcut="A"
          busy={sending === "approve"}
          disabled={sending === "deny"}
          onClick={guard.allow(() => approve())}
        >
          {t("request.allow")}
        </Button>
      </div>
      {request.sessionScope && (
        <button
          type="button"
          disabled={sending !== null}
          onClick={guard.allow(() => approve({ forSession: true }))}
          className="flex target w-full flex-col justify-center rounded-control border border-edge px-3 py-1.5 text-start hover:bg-hover disabled:opacity-50"
        >
          <span className="font-strong">{t("request.allowSession")}</span>
          <span dir="auto" className="text-small wrap-any text-quiet">
            {scopeText(request, t)}
          </span>
        </button>
      )}
    </div>
  );
}
