/** The person's leave to try failed turns again without asking; shown where the session can. */
import { useId } from "react";
import { useT } from "../../i18n/index.ts";
import { useAction, useChat, usePort } from "./chat-context.tsx";
import { capabilitiesOf } from "./session.model.ts";

export function AutoRetry() {
  const t = useT();
  const id = useId();
  const { actions } = usePort();
  const session = useChat((view) => view.session);
  const [set, busy] = useAction(actions.setAutoRetry);
  if (!("autoRetry" in capabilitiesOf(session))) return null;
  const isOn = session.metadata?.autoRetry === true;
  return (
    <div className="flex target items-center gap-2">
      <input
        id={id}
        type="checkbox"
        checked={isOn}
        disabled={busy}
        aria-describedby={`${id}-hint`}
        onChange={(event) => set(event.target.checked)}
        className="size-5 shrink-0 accent-accent-fill"
      />
      <div className="min-w-0 flex-1">
        <label htmlFor={id} className="block cursor-pointer pt-1">
          {t("failure.auto")}
        </label>
        <p id={`${id}-hint`} className="pb-1 text-small text-quiet">
          {t("failure.auto.hint")}
        </p>
      </div>
    </div>
  );
}
