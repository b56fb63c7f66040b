/** Who types: the terminal, here, or both. Where it can be changed, this is also where it is changed. */
import "../../../i18n/later.ts";
import { useT } from "../../../i18n/index.ts";
import { Icon, type IconName } from "../../../ui/icons.tsx";
import { Menu, type MenuItem } from "../../../ui/menu.tsx";
import { useAction, useChat, usePort } from "../chat-context.tsx";
import { backgroundOf, canSwitch, controlOf, isWorking, namesOf, type Control } from "../session.model.ts";

const ICONS: Record<Control, IconName> = { terminal: "terminal", here: "phone", both: "swap" };
const WORDS = { terminal: "control.terminal", here: "control.here", both: "control.both" } as const;

export function ControlMenu() {
  const t = useT();
  const { actions } = usePort();
  const session = useChat((view) => view.session);
  const working = useChat((view) => isWorking(view.session));
  const [switchTo, busy] = useAction(actions.switchControl);
  const control = controlOf(session);
  const background = backgroundOf(session);
  // Work in the background ends with the agent's process: whoever switches is told before, and what they choose is final.
  const ends = background.length > 0 ? t("control.ends", { count: background.length, names: namesOf(background) }) : undefined;
  const label = <Label icon={ICONS[control]} word={t(WORDS[control])} />;
  if (!canSwitch(session))
    return control === "here" ? null : <span className="flex shrink-0 items-center gap-1.5 px-2 text-small text-quiet">{label}</span>;
  const items: MenuItem[] =
    control === "terminal"
      ? [
          {
            id: "remote",
            label: t("control.takeOver"),
            hint: working ? t("control.takeOver.hint") : ends,
            icon: "phone",
            onSelect: () => switchTo("remote", !working && ends !== undefined),
          },
          ...(working
            ? [
                {
                  id: "now",
                  label: t("control.takeOverNow"),
                  hint: ends ? `${t("control.takeOverNow.hint")}${t("punctuation.stop")}${ends}` : t("control.takeOverNow.hint"),
                  icon: "stop" as const,
                  onSelect: () => switchTo("remote", true),
                },
              ]
            : []),
        ]
      : [
          {
            id: "local",
            label: t("control.giveBack"),
            hint: ends ?? t("control.giveBack.hint"),
            icon: "terminal",
            onSelect: () => switchTo("local", !working && ends !== undefined),
          },
        ];
  return (
    <Menu
      label={t("control.label")}
      items={items}
      trigger={(props) => (
        <button
          {...props}
          type="button"
          aria-busy={busy || undefined}
          aria-label={t("control.state", { who: t(WORDS[control]) })}
          className="flex target shrink-0 items-center gap-1.5 rounded-control px-2 text-small text-quiet hover:bg-hover hover:text-ink max-desk:target-square max-desk:justify-center"
        >
          {label}
        </button>
      )}
    />
  );
}

function Label({ icon, word }: { icon: IconName; word: string }) {
  return (
    <>
      <Icon name={icon} />
      <span className="max-desk:sr-only">{word}</span>
    </>
  );
}
