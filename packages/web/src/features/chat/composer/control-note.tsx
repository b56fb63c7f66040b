/** The line above the field when sending means more than sending: the session is archived, sleeps, can't be started, or the terminal has control. */
import { useT } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { useAction, useChat, usePort } from "../chat-context.tsx";
import { controlOf, isArchived } from "../session.model.ts";
import { NoteLine } from "./note-line.tsx";
import { SleepNote } from "./sleep-note.tsx";

export function ControlNote() {
  const t = useT();
  const { actions } = usePort();
  const session = useChat((view) => view.session);
  const queued = useChat((view) => view.timeline.queue.length > 0);
  const [takeOver, busy] = useAction(actions.switchControl);
  const [bringBack, bringing] = useAction(actions.unarchive);
  if (isArchived(session))
    return (
      <div className="flex flex-wrap items-center gap-x-3 pb-1.5">
        <NoteLine icon="clock" text={t("composer.archived")} />
        <Button busy={bringing} onClick={() => bringBack()}>
          {t("composer.unarchive")}
        </Button>
      </div>
    );
  if (!session.active) return <SleepNote />;
  if (controlOf(session) !== "terminal") return null;
  return (
    <div className="flex flex-wrap items-center gap-x-3 pb-1.5">
      <NoteLine icon="terminal" text={queued ? t("composer.handoffWaits") : t("composer.terminalControls")} />
      {queued && (
        <Button busy={busy} onClick={() => takeOver("remote", true)}>
          {t("composer.takeOver")}
        </Button>
      )}
    </div>
  );
}
