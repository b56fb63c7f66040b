/** Everything about the session that is not worth space on the screen: rename, place, ids, versions. Values can be copied. */
import "../../../i18n/later.ts";
import { useState, type FormEvent } from "react";
import { agentName } from "../../sessions/names.model.ts";
import { useT } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { CopyButton } from "../../../ui/code-block.tsx";
import { Field } from "../../../ui/field.tsx";
import { Sheet } from "../../../ui/sheet.tsx";
import { useAction, useChat, usePort } from "../chat-context.tsx";
import { titleOf } from "../session.model.ts";
import { detailsOf } from "./details.model.ts";

export function DetailsSheet({ open, onClose }: { open: boolean; onClose: () => void }) {
  const t = useT();
  return (
    <Sheet open={open} onClose={onClose} title={t("details.title")}>
      <Body onClose={onClose} />
    </Sheet>
  );
}

function Body({ onClose }: { onClose: () => void }) {
  const t = useT();
  const session = useChat((view) => view.session);
  const machine = useChat((view) => view.machineName);
  const usage = useChat((view) => view.timeline.usage);
  return (
    <div className="flex flex-col gap-4">
      <Rename onDone={onClose} />
      <dl className="flex flex-col">
        {detailsOf(session, { machine, usage, agent: agentName(session.metadata?.flavor) }).map(({ key, value }) => (
          <div key={key} className="group/code flex min-h-11 items-center gap-3 border-b border-line last:border-b-0">
            <dt className="w-28 shrink-0 text-small text-quiet">{t(key)}</dt>
            <dd className="flex min-w-0 flex-1 items-center gap-3">
              <span dir="auto" className="min-w-0 flex-1 py-1.5 font-mono text-small wrap-any">
                {value}
              </span>
              <CopyButton text={value} />
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Rename({ onDone }: { onDone: () => void }) {
  const t = useT();
  const { actions } = usePort();
  const current = useChat((view) => titleOf(view.session)) ?? "";
  const [name, setName] = useState(current);
  const [rename, busy] = useAction(async (next: string) => {
    await actions.rename(next);
    onDone();
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== "" && name.trim() !== current) rename(name.trim());
  };
  return (
    <form onSubmit={submit} className="flex items-end gap-2">
      <div className="min-w-0 flex-1">
        <Field label={t("session.rename.label")} value={name} maxLength={255} onChange={(event) => setName(event.target.value)} />
      </div>
      <Button type="submit" tone="primary" busy={busy} disabled={name.trim() === "" || name.trim() === current}>
        {t("session.rename")}
      </Button>
    </form>
  );
}
