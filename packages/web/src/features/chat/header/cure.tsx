/** What a person has to do, where waiting cures nothing. */
import { agentName } from "../../../i18n/names.model.ts";
import { useT } from "../../../i18n/index.ts";
import { useChat } from "../chat-context.tsx";
import { cureOf } from "./header.model.ts";
import { useChatStatus } from "./use-chat-status.ts";

export function Cure() {
  const t = useT();
  const status = useChatStatus();
  const flavor = useChat((view) => view.session.metadata?.flavor);
  const machine = useChat((view) => view.machineName) ?? t("header.machine");
  const cure = cureOf(status);
  if (cure === null) return null;
  const message = status.what === "failed" ? status.message : null;
  return (
    <p role="status" title={message ?? undefined} className="border-t border-line bg-failed-wash px-4 py-1.5 text-small text-failed">
      {t(cure, { agent: agentName(flavor) || t("chat.agent"), machine })}
    </p>
  );
}
