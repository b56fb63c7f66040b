/** A request of which only a part is here: it can be denied, and opened; allowed it can be once all of it is. */
import type { TimelineRequest } from "@hapi/core";
import { toolName } from "../../../i18n/names.model.ts";
import { useT } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { CardFrame } from "./card-frame.tsx";
import { useRequestHost } from "./request-host.tsx";
import { RequestedThing } from "./requested-thing.tsx";
import { useAnswer } from "./use-answer.ts";
import type { Whole } from "./use-whole.ts";

export function ShortenedCard({ request, whole }: { request: TimelineRequest; whole: Whole }) {
  const t = useT();
  const { agent } = useRequestHost();
  const { state, deny } = useAnswer(request);
  const isSending = state.kind === "sending";
  return (
    <CardFrame
      id={request.id}
      askedIn={request.mode}
      sentence={t("wish.tool", { agent, tool: toolName(request.tool) })}
      note={t("request.shortened")}
      state={state}
      footer={
        <div className="flex flex-col gap-2">
          {typeof whole.state === "object" && (
            <p role="alert" className="text-small text-failed">
              {t("request.notLoaded", { reason: whole.state.error })}
            </p>
          )}
          <div className="flex gap-2">
            <Button className="flex-1" busy={isSending} onClick={() => deny()}>
              {t("request.deny")}
            </Button>
            <Button tone="primary" className="flex-1" busy={whole.state === "loading"} disabled={isSending} onClick={whole.load}>
              {t("request.showAll")}
            </Button>
          </div>
        </div>
      }
    >
      <RequestedThing request={request} />
    </CardFrame>
  );
}
