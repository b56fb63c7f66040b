/** A session that is not running: it can be resumed; when that fails, the real cause stands here with the next best thing to do. */
import "../../../i18n/list.ts";
import { useState } from "react";
import { toAppError } from "@hapi/protocol";
import { go } from "../../../ground/go.ts";
import { codeText } from "../../../i18n/error-words.ts";
import { useT } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { Card } from "../../../ui/card.tsx";
import { StatusGlyph } from "../../../ui/status-glyph.tsx";
import { useAction, useChat, usePort } from "../chat-context.tsx";
import { NoteLine } from "./note-line.tsx";
import { problemOfError, problemOfSession, type StartProblem } from "./sleep.model.ts";

export function SleepNote() {
  const t = useT();
  const { actions } = usePort();
  const session = useChat((view) => view.session);
  const machine = useChat((view) => view.machineName);
  const offline = useChat((view) => view.machineOnline === false);
  const [refused, setRefused] = useState<StartProblem | null>(null);
  const [resume, busy] = useAction(async () => {
    setRefused(null);
    await actions.resume().catch((cause: unknown) => setRefused(problemOfError(toAppError(cause))));
  });
  const problem = refused ?? problemOfSession(session);
  if (problem) return <Problem problem={problem} busy={busy} onRetry={() => resume()} onRefused={setRefused} />;
  if (offline && machine !== null) return <NoteLine icon="clock" text={t("resume.offline", { machine })} />;
  return (
    <div className="flex flex-wrap items-center gap-x-3 pb-1">
      <NoteLine icon="clock" text={t("composer.sleeps")} />
      <Button tone="quiet" busy={busy} onClick={() => resume()} className="text-small">
        {t("resume.resume")}
      </Button>
    </div>
  );
}

interface ProblemProps {
  problem: StartProblem;
  busy: boolean;
  onRetry: () => void;
  /** The new session could not be started either, and something else can be done. */
  onRefused: (problem: StartProblem) => void;
}

function Problem({ problem, busy, onRetry, onRefused }: ProblemProps) {
  const t = useT();
  const { actions } = usePort();
  const { offer } = problem;
  const words = codeText(problem.cause, problem.message, t);
  const [fork, forking] = useAction(async () => {
    try {
      go.session(await actions.fork(offer ?? "thread"));
    } catch (cause) {
      const refused = problemOfError(toAppError(cause));
      if (refused.offer === null) throw cause;
      onRefused(refused);
    }
  });
  return (
    <Card tone="failed" aria-label={t("resume.failed")} className="mb-1.5 flex flex-col gap-2 p-3">
      <p className="flex items-start gap-2 font-strong text-failed">
        <StatusGlyph status="failed" className="mt-1" />
        {t("resume.failed")}
      </p>
      {words !== "" && (
        <p dir="auto" className="wrap-any">
          {words}
        </p>
      )}
      <p className="text-small text-quiet">{t("resume.kept")}</p>
      {offer === "history" && <p className="text-small text-quiet">{t("resume.historyNote")}</p>}
      <div className="flex flex-wrap gap-2">
        {offer !== null && (
          <Button tone="primary" busy={forking} className="py-1" onClick={() => fork()}>
            {t(offer === "thread" ? "resume.fork" : "resume.history")}
          </Button>
        )}
        <Button icon="retry" busy={busy} onClick={onRetry}>
          {t("action.retry")}
        </Button>
      </div>
    </Card>
  );
}
