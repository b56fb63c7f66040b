/** What can be done with a session from the list. Deleting, archiving a running one and ending ask first; the rest can be undone. */
import "../../i18n/list.ts";
import { newsAt } from "@hapi/core";
import type { SessionSummary } from "@hapi/protocol";
import { useState } from "react";
import { part } from "../../ui/part.tsx";
import { source } from "../../ground/source.ts";
import { useT } from "../../i18n/index.ts";
import { actions } from "../../sync/actions.ts";
import { markUnread } from "../../sync/seen.ts";
import { IconButton } from "../../ui/button.tsx";
import { Menu, type MenuItem } from "../../ui/menu.tsx";
import { attempt } from "./attempt.ts";
import { isArchived } from "./status.model.ts";

const SessionDialog = part(
  source(() => import("./session-dialog.tsx")),
  (module) => module.SessionDialog,
  { late: "toast" },
);

export type DialogKind = "rename" | "archive" | "delete" | "end";

export function SessionMenu({ summary, title }: { summary: SessionSummary; title: string }) {
  const t = useT();
  const [dialog, setDialog] = useState<DialogKind | null>(null);
  const { id } = summary;
  const archived = isArchived(summary);
  const items: MenuItem[] = [
    { id: "rename", label: t("session.rename"), icon: "edit", onSelect: () => setDialog("rename") },
    {
      id: "pin",
      label: summary.globalPinned ? t("session.unpin") : t("session.pin"),
      icon: "pin",
      onSelect: () => attempt(t("session.pin"), actions.pin(id, summary.globalPinned ? "none" : "global")),
    },
    { id: "unread", label: t("session.markUnread"), icon: "bell", onSelect: () => markUnread(id, newsAt(summary)) },
  ];
  if (!summary.active) {
    items.push({
      id: "resume",
      label: t("session.resume"),
      icon: "retry",
      onSelect: () => attempt(t("session.resume"), actions.resume(id)),
    });
  }
  if (summary.active) items.push({ id: "end", label: t("session.end"), icon: "stop", onSelect: () => setDialog("end") });
  if (!archived) items.push({ id: "archive", label: t("session.archive"), icon: "folder", onSelect: () => setDialog("archive") });
  if (!summary.active)
    items.push({ id: "delete", label: t("session.delete"), icon: "trash", danger: true, onSelect: () => setDialog("delete") });
  return (
    <>
      <Menu
        label={t("list.actions", { title })}
        items={items}
        trigger={(props) => (
          <IconButton
            {...props}
            icon="more"
            label={t("list.actions", { title })}
            className="text-quiet desk:w-0 desk:min-w-0 desk:overflow-hidden desk:opacity-0 desk:group-hover/row:w-8 desk:group-hover/row:opacity-100 desk:focus-visible:w-8 desk:focus-visible:opacity-100 desk:aria-expanded:w-8 desk:aria-expanded:opacity-100"
          />
        )}
      />
      {dialog && <SessionDialog kind={dialog} summary={summary} title={title} onClose={() => setDialog(null)} />}
    </>
  );
}
