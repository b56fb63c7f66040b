/** Everything that is not writing: files, sending later, permission mode, model, commands, what Enter does. One "+" on a phone and on a desk. */
import { useRef, useState } from "react";
import { capability } from "@hapi/protocol";
import { part } from "../../../ui/part.tsx";
import { source } from "../../../ground/source.ts";
import { useT } from "../../../i18n/index.ts";
import { IconButton } from "../../../ui/button.tsx";
import { Menu, type MenuItem } from "../../../ui/menu.tsx";
import { useAction, useChat, usePort } from "../chat-context.tsx";
import { useModeHint, useModeName } from "../header/mode-names.ts";
import { modesOf } from "../session.model.ts";
import { setEnterRule, useEnterRule } from "./enter-rule.ts";
import { ScheduleSheet } from "./lazy-schedule-sheet.ts";
import { useModels } from "./use-models.ts";

const ChoiceSheet = part(
  source(() => import("./choice-sheet.tsx")),
  ({ ChoiceSheet }) => ChoiceSheet,
  { late: "toast" },
);

/** The agent's own choice of model. */
const DEFAULT_MODEL = "";

export interface PlusMenuProps {
  desk: boolean;
  openAtOnce: boolean;
  /** Pressed before this code was there. */
  onEarly: () => void;
  onFiles: (files: File[]) => void;
  at: number | null;
  onAt: (at: number) => void;
  onSlash: () => void;
}

export function PlusMenu({ desk, openAtOnce, onFiles, at, onAt, onSlash }: PlusMenuProps) {
  const t = useT();
  const { actions } = usePort();
  const session = useChat((view) => view.session);
  const picker = useRef<HTMLInputElement>(null);
  const [sheet, setSheet] = useState<"mode" | "model" | "later" | null>(null);
  const modeName = useModeName();
  const modeHint = useModeHint();
  const rule = useEnterRule();
  const models = useModels(session, sheet === "model");
  const [setMode] = useAction(actions.setPermissionMode);
  const [setModel] = useAction(actions.setModel);
  const modes = modesOf(session);
  const mode = session.permissionMode ?? session.metadata?.preferredPermissionMode ?? modes[0] ?? "default";
  const enterSends = rule === "enter" || (rule === "auto" && desk);

  const items: MenuItem[] = [
    { id: "files", label: t("composer.attach"), icon: "clip", onSelect: () => picker.current?.click() },
    { id: "later", label: t("send.later"), icon: "clock", onSelect: () => setSheet("later") },
    ...(modes.length > 0 && capability(session.metadata, "setPermissionMode") !== false
      ? [{ id: "mode", label: t("composer.mode"), hint: modeName(mode), icon: "lock" as const, onSelect: () => setSheet("mode") }]
      : []),
    ...(capability(session.metadata, "setModel") === false
      ? []
      : [
          {
            id: "model",
            label: t("composer.model"),
            hint: session.model ?? t("composer.model.default"),
            icon: "bot" as const,
            onSelect: () => setSheet("model"),
          },
        ]),
    { id: "slash", label: t("composer.commands"), icon: "slash", onSelect: onSlash },
    {
      id: "enter",
      label: enterSends ? t("composer.enter.breaks") : t("composer.enter.sends"),
      icon: "settings",
      onSelect: () => setEnterRule(enterSends ? "mod" : "enter"),
    },
  ];
  return (
    <>
      <Menu
        label={t("composer.more")}
        items={items}
        openAtOnce={openAtOnce}
        trigger={(props) => <IconButton {...props} icon="plus" round label={t("composer.more")} className="text-quiet" />}
      />
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        aria-label={t("composer.attach")}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
      {sheet === "mode" && (
        <ChoiceSheet
          title={t("composer.mode")}
          onClose={() => setSheet(null)}
          chosen={mode}
          choices={modes.map((id) => ({ id, label: modeName(id), hint: modeHint(id) }))}
          onChoose={setMode}
        />
      )}
      {sheet === "later" && <ScheduleSheet at={at} onClose={() => setSheet(null)} onChoose={onAt} />}
      {sheet === "model" && (
        <ChoiceSheet
          title={t("composer.model")}
          onClose={() => setSheet(null)}
          chosen={session.model ?? DEFAULT_MODEL}
          choices={[
            { id: DEFAULT_MODEL, label: t("composer.model.default") },
            ...models.map(({ id, name }) => ({ id, label: name, hint: id === name ? undefined : id })),
          ]}
          onChoose={(id) => setModel(id === DEFAULT_MODEL ? null : id)}
        />
      )}
    </>
  );
}
