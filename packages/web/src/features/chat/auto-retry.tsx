/** The person's leave to try failed turns again without asking; shown where the session can. `isLimit`: what it means for the turn that just failed. */
import { useId, useState } from "react";
import { capability } from "@hapi/protocol";
import { useT } from "../../i18n/index.ts";
import { useAction, useChat, usePort } from "./chat-context.tsx";

export function AutoRetry({ isLimit = false }: { isLimit?: boolean }) {
  const t = useT();
  const id = useId();
  const { actions } = usePort();
  const session = useChat((view) => view.session);
  // shown as wished at once, until the session says the same or the hub refuses
  const [wished, setWished] = useState<boolean | null>(null);
  const [set] = useAction(async (next: boolean) => {
    setWished(next);
    await actions.setAutoRetry(next).catch((cause: unknown) => {
      setWished(null);
      throw cause;
    });
  });
  const isOn = session.metadata?.autoRetry === true;
  if (wished === isOn) setWished(null);
  if (capability(session.metadata, "autoRetry") === undefined) return null;
  return (
    <div className="flex target items-center gap-2">
      <input
        id={id}
        type="checkbox"
        checked={wished ?? isOn}
        aria-describedby={`${id}-hint`}
        onChange={(event) => set(event.target.checked)}
        className="size-5 shrink-0 accent-accent-fill"
      />
      <div className="min-w-0 flex-1">
        <label htmlFor={id} className="block cursor-pointer pt-1">
          {t(isLimit ? "failure.auto.limit" : "failure.auto")}
        </label>
        <p id={`${id}-hint`} className="pb-1 text-small text-quiet">
          {t(isLimit ? "failure.auto.limit.hint" : "failure.auto.hint")}
        </p>
      </div>
    </div>
  );
}
