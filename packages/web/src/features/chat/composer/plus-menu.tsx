/** Everything that is not writing: files, sending later, permission mode, model, effort, commands, what Enter does. One "+" on a phone and on a desk. */
import { useRef, useState } from "react";
import { capability, effortField, type ModelChoice, type Session } from "@hapi/protocol";
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
import { effortsOf, useModels } from "./use-models.ts";

const ChoiceSheet = part(
  source(() => import("./choice-sheet.tsx")),
  ({ ChoiceSheet }) => ChoiceSheet,
  { late: "toast" },
);

/** The agent's own choice of model. */
const DEFAULT_MODEL = "";
const DEFAULT_EFFORT = "";

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
  const [sheet, setSheet] = useState<"mode" | "model" | "effort" | "later" | null>(null);
  const modeName = useModeName();
  const modeHint = useModeHint();
  const rule = useEnterRule();
  const models = useModels(session, sheet === "model" || sheet === "effort");
  const [setMode] = useAction(actions.setPermissionMode);
  const [setModel] = useAction(actions.setModel);
  const [setEffort] = useAction(actions.setEffort);
  const effortItems = useEffortItems(() => setSheet("effort"));
  const modes = modesOf(session);
  const mode = modeOf(session, modes);
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
    ...effortItems,
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
      {sheet === "effort" && <EffortSheet models={models} onClose={() => setSheet(null)} onChoose={setEffort} />}
    </>
  );
}

const modeOf = ({ permissionMode, metadata }: Session, modes: readonly string[]): string =>
  permissionMode ?? metadata?.preferredPermissionMode ?? modes[0] ?? "default";

const effortOf = (session: Session): string | null => session[effortField(session.metadata?.flavor)] ?? null;

function useEffortItems(onSelect: () => void): MenuItem[] {
  const t = useT();
  const session = useChat((view) => view.session);
  if (capability(session.metadata, "setEffort") !== true) return [];
  return [
    { id: "effort", label: t("composer.effort"), hint: effortOf(session) ?? t("composer.effort.default"), icon: "thought", onSelect },
  ];
}

interface EffortProps {
  models: readonly ModelChoice[];
  onClose: () => void;
  onChoose: (effort: string | null) => void;
}

function EffortSheet({ models, onClose, onChoose }: EffortProps) {
  const t = useT();
  const session = useChat((view) => view.session);
  return (
    <ChoiceSheet
      title={t("composer.effort")}
      onClose={onClose}
      chosen={effortOf(session) ?? DEFAULT_EFFORT}
      choices={[
        { id: DEFAULT_EFFORT, label: t("composer.effort.default"), hint: t("composer.effort.hint") },
        ...effortsOf(models, session.model).map((id) => ({ id, label: id })),
      ]}
      onChoose={(id) => onChoose(id === DEFAULT_EFFORT ? null : id)}
    />
  );
}
