/** When a prompt goes out: a few times that are often right, or any day and time within the week. */
import { useId, useState, type FormEvent } from "react";
import { dateLocale, useT } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { Field } from "../../../ui/field.tsx";
import { Icon } from "../../../ui/icons.tsx";
import { Sheet } from "../../../ui/sheet.tsx";
import { usePort } from "../chat-context.tsx";
import { clockWords, fieldValue, presets, problemOf } from "./schedule.model.ts";

interface ScheduleSheetProps {
  at: number | null;
  onClose: () => void;
  onChoose: (at: number) => void;
}

export function ScheduleSheet({ at, onClose, onChoose }: ScheduleSheetProps) {
  const t = useT();
  const port = usePort();
  const [now] = useState(port.now);
  const [own, setOwn] = useState(fieldValue(at ?? now + 3_600_000));
  const [problem, setProblem] = useState<ReturnType<typeof problemOf>>(null);
  const hint = useId();
  const choose = (time: number): void => {
    const wrong = problemOf(time, port.now());
    setProblem(wrong);
    if (wrong) return;
    onClose();
    onChoose(time);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    choose(new Date(own).getTime());
  };
  return (
    <Sheet open onClose={onClose} title={t("later.title")}>
      <ul className="-mx-2 flex flex-col" aria-describedby={hint}>
        {presets(now).map((preset) => (
          <li key={preset.key}>
            <button
              type="button"
              onClick={() => choose(preset.at)}
              className="flex target w-full items-center gap-2 rounded-control px-2 text-start hover:bg-hover"
            >
              <Icon name="clock" className="text-quiet" />
              <span className="min-w-0 flex-1">{t(preset.key)}</span>
              <span className="text-small text-quiet tabular-nums">{clockWords(preset.at, now, dateLocale())}</span>
            </button>
          </li>
        ))}
      </ul>
      <form onSubmit={submit} className="flex items-end gap-2 pt-3">
        <div className="min-w-0 flex-1">
          <Field
            type="datetime-local"
            label={t("later.own")}
            value={own}
            error={problem && t(problem)}
            onChange={(event) => {
              setProblem(null);
              setOwn(event.target.value);
            }}
          />
        </div>
        <Button type="submit">{t("later.set")}</Button>
      </form>
      <p id={hint} className="pt-3 text-small text-quiet">
        {t("later.hint")}
      </p>
    </Sheet>
  );
}
