/** The line above the field when sending means more than sending: the session is archived, sleeps, can't be started, or the terminal has control. */
import { useT } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { cx } from "../../../ui/cx.ts";
import { useAction, useChat, usePort } from "../chat-context.tsx";
import type { BackgroundWork } from "@hapi/protocol";
import { backgroundOf, controlOf, isArchived, namesOf } from "../session.model.ts";
import { NoteLine } from "./note-line.tsx";
import { SleepNote } from "./sleep-note.tsx";

export function ControlNote() {
  const t = useT();
  const { actions } = usePort();
  const session = useChat((view) => view.session);
  const background = backgroundOf(session);
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
  if (controlOf(session) !== "terminal") return background.length > 0 ? <BackgroundNote work={background} /> : null;
  const { dialog } = session.agentState ?? {};
  if (dialog) return <NoteLine icon="terminal" text={t("composer.terminalDialog", { about: dialog.about })} />;
  // Nothing of it ends before somebody who read this says so.
  const ends = background.length > 0 && session.agentState?.handoff?.waitsFor === "background";
  const isHeld = session.agentState?.handoff?.waitsFor === "terminal";
  const waits = queued ? t(isHeld ? "composer.handoffHeld" : "composer.handoffWaits") : t("composer.terminalControls");
  return (
    <div className="flex flex-wrap items-center gap-x-3 pb-1.5">
      <div className={cx("flex flex-1", ends && "min-w-72")}>
        <NoteLine
          icon="terminal"
          text={ends ? t("composer.handoffEnds", { count: background.length, names: namesOf(background) }) : waits}
        />
      </div>
      {(queued || ends) && (
        <Button busy={busy} onClick={() => takeOver("remote", true)}>
          {ends ? t("composer.takeOverEnds") : t("composer.takeOver")}
        </Button>
      )}
    </div>
  );
}

/** What goes on beside the turns, in the agent's own words. */
function BackgroundNote({ work }: { work: readonly BackgroundWork[] }) {
  const t = useT();
  return (
    <div className="pb-1.5" title={work.map((one) => one.command ?? one.label).join("\n")}>
      <NoteLine icon="swap" text={t("composer.background", { count: work.length, names: namesOf(work) })} />
    </div>
  );
}
