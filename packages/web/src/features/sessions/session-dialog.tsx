/** The questions behind the session menu: a new name, a reason for archiving, and a clear yes before something ends or is gone. */
import "../../i18n/screens.ts";
import type { SessionSummary } from "@hapi/protocol";
import { useState, type ReactNode, type SyntheticEvent } from "react";
import { useT } from "../../i18n/index.ts";
import { actions } from "../../sync/actions.ts";
import { Button, type ButtonTone } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Sheet } from "../../ui/sheet.tsx";
import { showToast } from "../../ui/toast.ts";
import { attempted } from "./attempt.ts";
import type { DialogKind } from "./session-menu.tsx";

interface DialogProps {
  kind: DialogKind;
  summary: SessionSummary;
  title: string;
  onClose: () => void;
}

export function SessionDialog({ kind, ...rest }: DialogProps) {
  switch (kind) {
    case "rename":
      return <RenameDialog {...rest} />;
    case "archive":
      return <ArchiveDialog {...rest} />;
    case "delete":
      return <DeleteDialog {...rest} />;
    case "end":
      return <EndDialog {...rest} />;
  }
}

type Inner = Omit<DialogProps, "kind">;

interface FormProps {
  title: string;
  confirm: string;
  tone?: ButtonTone;
  onClose: () => void;
  /** True closes the sheet. */
  onConfirm: () => Promise<boolean>;
  children: ReactNode;
}

function FormSheet({ title, confirm, tone = "primary", onClose, onConfirm, children }: FormProps) {
  const t = useT();
  const [busy, setBusy] = useState(false);
  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    const done = await onConfirm();
    setBusy(false);
    if (done) onClose();
  };
  return (
    <Sheet open title={title} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
        {children}
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{t("action.cancel")}</Button>
          <Button type="submit" tone={tone} busy={busy}>
            {confirm}
          </Button>
        </div>
      </form>
    </Sheet>
  );
}

function RenameDialog({ summary, title, onClose }: Inner) {
  const t = useT();
  const [name, setName] = useState(title);
  return (
    <FormSheet
      title={t("session.rename")}
      confirm={t("action.save")}
      onClose={onClose}
      onConfirm={async () => name.trim() !== "" && attempted(t("session.rename"), actions.rename(summary.id, name.trim()))}
    >
      <Field
        label={t("session.rename.label")}
        value={name}
        maxLength={255}
        autoFocus
        required
        onFocus={(event) => event.target.select()}
        onChange={(event) => setName(event.target.value)}
      />
    </FormSheet>
  );
}

function ArchiveDialog({ summary, title, onClose }: Inner) {
  const t = useT();
  const [reason, setReason] = useState("");
  const archive = async (): Promise<boolean> => {
    const done = await attempted(t("session.archive"), actions.archive(summary.id, reason.trim() || undefined));
    if (done) showToast({ tone: "done", text: t("session.archived", { title }) });
    return done;
  };
  return (
    <FormSheet title={t("session.archive.title", { title })} confirm={t("session.archive")} onClose={onClose} onConfirm={archive}>
      <p>
        {summary.active && <>{t("session.archive.running")} </>}
        {t("session.archive.body")}
      </p>
      <EndsBackground summary={summary} />
      <Field label={t("session.archive.reason")} value={reason} maxLength={1000} onChange={(event) => setReason(event.target.value)} />
    </FormSheet>
  );
}

function DeleteDialog({ summary, title, onClose }: Inner) {
  const t = useT();
  const remove = async (): Promise<boolean> => {
    const done = await attempted(t("session.delete"), actions.remove(summary.id));
    if (done) showToast({ tone: "idle", text: t("session.deleted", { title }) });
    return done;
  };
  return (
    <FormSheet
      title={t("session.delete.title", { title })}
      confirm={t("session.delete.confirm")}
      tone="danger"
      onClose={onClose}
      onConfirm={remove}
    >
      <p>{t("session.delete.body")}</p>
    </FormSheet>
  );
}

function EndDialog({ summary, title, onClose }: Inner) {
  const t = useT();
  return (
    <FormSheet
      title={t("session.end.title", { title })}
      confirm={t("session.end")}
      tone="danger"
      onClose={onClose}
      onConfirm={() => attempted(t("session.end"), actions.end(summary.id))}
    >
      <p>{t("session.end.body")}</p>
      <EndsBackground summary={summary} />
    </FormSheet>
  );
}

/** A dev server or a sub-agent goes with the agent's process: said before, not found out after. */
function EndsBackground({ summary }: Pick<Inner, "summary">) {
  const t = useT();
  const count = summary.active ? summary.backgroundTaskCount : 0;
  return count > 0 ? <p className="font-strong">{t("session.background", { count })}</p> : null;
}
