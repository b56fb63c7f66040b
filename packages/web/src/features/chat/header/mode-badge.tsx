/** Which model works, and what it may do without asking. Loud where it may do everything: nobody should find that out afterwards. */
import { useT } from "../../../i18n/index.ts";
import { cx } from "../../../ui/cx.ts";
import { Icon } from "../../../ui/icons.tsx";
import { useChat } from "../chat-context.tsx";
import { asksNothing, modeInForce, modelInForce } from "./header.model.ts";
import { useModeName } from "./mode-names.ts";

export function ModeBadge() {
  const t = useT();
  const modeName = useModeName();
  const session = useChat((view) => view.session);
  const usage = useChat((view) => view.timeline.usage);
  const mode = modeInForce(session);
  const model = modelInForce(session, usage);
  if (mode === null && model === null) return null;
  const isLoud = mode !== null && asksNothing(mode);
  const name = mode === null ? null : modeName(mode);
  const about = [model && t("header.model", { model }), name && t("header.mode", { mode: name })].filter(Boolean).join(" · ");
  return (
    <span
      role="img"
      aria-label={about}
      title={about}
      className={cx(
        // Where there is little room it gives way to the word for what goes on.
        "flex min-w-0 items-center gap-1 rounded-full px-2",
        isLoud ? "bg-failed-wash font-strong text-failed" : "bg-sunken text-quiet",
      )}
    >
      {isLoud && <Icon name="warning" size={12} />}
      {model !== null && <span className={cx("max-w-24 truncate", name !== null && "max-desk:hidden")}>{model}</span>}
      {model !== null && name !== null && (
        <span aria-hidden="true" className="max-desk:hidden">
          ·
        </span>
      )}
      {name !== null && <span className="max-w-36 truncate max-desk:max-w-28">{name}</span>}
    </span>
  );
}
