/** The line above the field while a prompt is written that does not simply go next: later, or into the running turn. */
import { useState } from "react";
import { dateLocale, useT } from "../../../i18n/index.ts";
import { Button, IconButton } from "../../../ui/button.tsx";
import { cx } from "../../../ui/cx.ts";
import { Icon } from "../../../ui/icons.tsx";
import { usePort } from "../chat-context.tsx";
import { ScheduleSheet } from "./lazy-schedule-sheet.ts";
import { clockWords } from "./schedule.model.ts";

interface SendOptionsProps {
  at: number | null;
  onAt: (at: number | null) => void;
  /** null: not on offer now. */
  steer: boolean | null;
  onSteer: (steer: boolean) => void;
}

export function SendOptions({ at, onAt, steer, onSteer }: SendOptionsProps) {
  return at !== null ? <LaterLine at={at} onAt={onAt} /> : steer !== null ? <SteerChoice steer={steer} onSteer={onSteer} /> : null;
}

function LaterLine({ at, onAt }: Pick<SendOptionsProps, "onAt"> & { at: number }) {
  const t = useT();
  const port = usePort();
  const [open, setOpen] = useState(false);
  return (
    <div className="flex items-center gap-1.5 pb-1 text-small text-quiet">
      <Icon name="clock" size={14} />
      <span className="min-w-0 truncate tabular-nums">{t("send.at", { time: clockWords(at, port.now(), dateLocale()) })}</span>
      <Button tone="quiet" onClick={() => setOpen(true)} className="ms-auto text-small">
        {t("send.change")}
      </Button>
      <IconButton icon="close" label={t("send.now")} onClick={() => onAt(null)} />
      {open && <ScheduleSheet at={at} onClose={() => setOpen(false)} onChoose={onAt} />}
    </div>
  );
}

function SteerChoice({ steer, onSteer }: Pick<SendOptionsProps, "onSteer"> & { steer: boolean }) {
  const t = useT();
  const choices = [
    { id: false, word: t("send.queue"), hint: undefined },
    { id: true, word: t("send.steer"), hint: t("send.steer.hint") },
  ];
  return (
    <fieldset className="flex items-center gap-1 pb-1">
      <legend className="sr-only">{t("send.how")}</legend>
      {choices.map(({ id, word, hint }) => (
        <label
          key={word}
          title={hint}
          className={cx(
            "flex target cursor-pointer items-center gap-1.5 rounded-full border px-3 text-small has-focus-visible:outline-2 has-focus-visible:outline-accent",
            steer === id ? "border-accent bg-accent-wash font-strong text-ink" : "border-transparent text-quiet hover:bg-hover",
          )}
        >
          <input type="radio" name="send-how" checked={steer === id} onChange={() => onSteer(id)} className="sr-only" />
          {word}
        </label>
      ))}
    </fieldset>
  );
}
