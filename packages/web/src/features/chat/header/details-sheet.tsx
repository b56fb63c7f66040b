/** Everything about the session that is not worth space on the screen: rename, place, ids, versions, diagnostics. Values can be copied. */
import "../../../i18n/list.ts";
import "../../../i18n/later.ts";
import { useEffect, useState, type FormEvent } from "react";
import { AppError, toAppError, type SessionDiagnostics } from "@hapi/protocol";
import { agentName } from "../../../i18n/names.model.ts";
import { errorText } from "../../../i18n/error-words.ts";
import { dateLocale, useT, type MessageKey } from "../../../i18n/index.ts";
import { Button } from "../../../ui/button.tsx";
import { CopyButton } from "../../../ui/code-block.tsx";
import { Field } from "../../../ui/field.tsx";
import { Sheet } from "../../../ui/sheet.tsx";
import { AutoRetry } from "../auto-retry.tsx";
import { useAction, useChat, usePort } from "../chat-context.tsx";
import { clockWords } from "../composer/schedule.model.ts";
import { titleOf } from "../session.model.ts";
import { modeInForce } from "./header.model.ts";
import { useModeName } from "./mode-names.ts";
import { useChatStatus } from "./use-chat-status.ts";
import { statusText } from "../../sessions/status.model.ts";
import { detailsOf, type DetailKey } from "./details.model.ts";
import { diagnosticsOf, type DiagnosticKey } from "./diagnostics.model.ts";

export function DetailsSheet({ open, onClose }: { open: boolean; onClose: () => void }) {
  const t = useT();
  return (
    <Sheet open={open} onClose={onClose} title={t("details.title")}>
      <Body onClose={onClose} />
    </Sheet>
  );
}

function Body({ onClose }: { onClose: () => void }) {
  const session = useChat((view) => view.session);
  const machine = useChat((view) => view.machineName);
  const t = useT();
  const usage = useChat((view) => view.timeline.usage);
  const status = useChatStatus();
  const modeName = useModeName();
  const mode = modeInForce(session);
  const words = {
    machine,
    agent: agentName(session.metadata?.flavor),
    mode: mode === null ? null : modeName(mode),
    state: statusText(status, t),
    usage: usage && t("details.usage.tokens", { input: usage.inputTokens, output: usage.outputTokens, cached: usage.cacheReadTokens }),
  };
  return (
    <div className="flex flex-col gap-4">
      <Rename onDone={onClose} />
      <AutoRetry />
      <Details rows={detailsOf(session, words)} />
      <Diagnostics />
    </div>
  );
}

function Details({ rows }: { rows: readonly { key: MessageKey & (DetailKey | DiagnosticKey); value: string }[] }) {
  const t = useT();
  return (
    <dl className="flex flex-col">
      {rows.map(({ key, value }) => (
        <div key={key} className="group/code flex min-h-11 items-center gap-3 border-b border-line last:border-b-0">
          <dt className="w-28 shrink-0 text-small text-quiet">{t(key)}</dt>
          <dd className="flex min-w-0 flex-1 items-center gap-3">
            <span dir="auto" className="min-w-0 flex-1 py-1.5 font-mono text-small wrap-any whitespace-pre-line">
              {value}
            </span>
            <CopyButton text={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Read when the sheet opens: what the session, or the hub in its place, knows of how it was started and what went wrong last. */
function Diagnostics() {
  const t = useT();
  const { actions, now } = usePort();
  const [found, setFound] = useState<SessionDiagnostics | AppError | null>(null);
  useEffect(() => {
    let alive = true;
    const put = (answer: SessionDiagnostics | AppError): void => {
      if (alive) setFound(answer);
    };
    actions.diagnostics().then(put, (cause: unknown) => put(toAppError(cause)));
    return () => {
      alive = false;
    };
  }, [actions]);
  return (
    <section aria-labelledby="diagnostics">
      <h3 id="diagnostics" className="font-strong">
        {t("diagnostics.title")}
      </h3>
      {found === null && <p className="py-2 text-small text-quiet">{t("diagnostics.loading")}</p>}
      {found instanceof AppError && (
        <p className="py-2 text-small text-quiet">{t("diagnostics.failed", { reason: errorText(found, t) })}</p>
      )}
      {found !== null && !(found instanceof AppError) && (
        <Details rows={diagnosticsOf(found, t, (at) => clockWords(at, now(), dateLocale()))} />
      )}
    </section>
  );
}

function Rename({ onDone }: { onDone: () => void }) {
  const t = useT();
  const { actions } = usePort();
  const current = useChat((view) => titleOf(view.session)) ?? "";
  const [name, setName] = useState(current);
  const [rename, busy] = useAction(async (next: string) => {
    await actions.rename(next);
    onDone();
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== "" && name.trim() !== current) rename(name.trim());
  };
  return (
    <form onSubmit={submit} className="flex items-end gap-2">
      <div className="min-w-0 flex-1">
        <Field label={t("session.rename.label")} value={name} maxLength={255} onChange={(event) => setName(event.target.value)} />
      </div>
      <Button type="submit" tone="primary" busy={busy} disabled={name.trim() === "" || name.trim() === current}>
        {t("session.rename")}
      </Button>
    </form>
  );
}
