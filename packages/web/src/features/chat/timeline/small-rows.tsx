/** One-line facts between the turns: notices, who has control, changed mode or model, and what we have no word for. */
import type { ChangeItem, NoticeItem, SwitchItem, UnknownItem } from "@hapi/core";
import { useT } from "../../../i18n/index.ts";
import { cx } from "../../../ui/cx.ts";
import { Icon, type IconName } from "../../../ui/icons.tsx";
import { useFold } from "../chat-context.tsx";
import { useModeName } from "../header/mode-names.ts";
import { CommandOutput, JsonBody } from "../tools/lazy-bodies.tsx";
import { OneLine } from "../tools/one-line.tsx";
import { noticeText } from "./notice-words.ts";

function Fact({ icon, text, warning = false }: { icon: IconName; text: string; warning?: boolean }) {
  return (
    <p className={cx("flex items-start gap-2 text-small", warning ? "text-waiting" : "text-quiet")}>
      <Icon name={icon} size={14} className="mt-0.5" />
      <span dir="auto" className="min-w-0 wrap-any whitespace-pre-wrap">
        {text}
      </span>
    </p>
  );
}

export function NoticeRow({ item }: { item: NoticeItem }) {
  return item.command === null ? <NoticeFact item={item} /> : <CommandOutputRow item={item} command={item.command} />;
}

/** What a command said that no model answered. Open: it is what the person asked for. */
function CommandOutputRow({ item, command }: { item: NoticeItem; command: string }) {
  const t = useT();
  const [open, toggle] = useFold(item.key, true);
  const sign = item.level === "warning" ? "failed" : null;
  return (
    <>
      <OneLine icon="terminal" verb={t("chat.commandOutput")} object={command} sign={sign} open={open} onToggle={toggle} />
      {open && <CommandOutput text={item.text} isMarkdown={item.isMarkdown} />}
    </>
  );
}

function NoticeFact({ item }: { item: NoticeItem }) {
  const t = useT();
  return <Fact icon={item.level === "warning" ? "warning" : "info"} text={noticeText(item, t)} warning={item.level === "warning"} />;
}

export function SwitchRow({ item }: { item: SwitchItem }) {
  const t = useT();
  return <Fact icon={item.mode === "local" ? "terminal" : "phone"} text={item.mode === "local" ? t("switch.local") : t("switch.remote")} />;
}

export function ChangeRow({ item }: { item: ChangeItem }) {
  const t = useT();
  const modeName = useModeName();
  if (item.what === "title") return <Fact icon="edit" text={t("change.title", { title: item.value ?? "" })} />;
  if (item.what === "model")
    return <Fact icon="bot" text={item.value === null ? t("change.model.default") : t("change.model", { model: item.value })} />;
  return <Fact icon="lock" text={t("change.mode", { mode: modeName(item.value ?? "default") })} />;
}

export function UnknownRow({ item }: { item: UnknownItem }) {
  const t = useT();
  const [open, toggle] = useFold(item.key, false);
  return (
    <>
      <OneLine icon="info" verb={t("chat.unknown")} object="" open={open} onToggle={toggle} />
      {open && <JsonBody value={item.raw} />}
    </>
  );
}
