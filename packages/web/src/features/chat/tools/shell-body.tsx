/** A command: what was run, where, what it said, how it ended. */
import { memo, type ReactNode } from "react";
import type { ToolItem } from "@hapi/core";
import { useT } from "../../../i18n/index.ts";
import { OutputText } from "./output-text.tsx";
import { shellFacts } from "./body.model.ts";

export const ShellBody = memo(function ShellBody({ item }: { item: ToolItem }) {
  const t = useT();
  const facts = shellFacts(item);
  return (
    <div className="overflow-hidden rounded-card border border-line bg-sunken">
      <CommandText command={facts.command} cwd={facts.cwd} />
      {facts.output.trim() !== "" && (
        <div className="border-t border-line">
          <OutputText text={facts.output} from="tail" bare />
        </div>
      )}
      {facts.exitCode !== null && facts.exitCode !== 0 && (
        <p className="border-t border-line px-3 py-1.5 text-small text-failed">{t("tool.exit", { code: facts.exitCode })}</p>
      )}
    </div>
  );
});

/** Whole and wrapped: a command that is approved must be read to its end. */
export function CommandText({ command, cwd }: { command: ReactNode; cwd: string | null }) {
  const t = useT();
  return (
    <div className="p-3">
      {cwd && (
        <p className="pb-1 text-small text-quiet">
          {t("tool.in")} <span className="font-mono wrap-any">{cwd}</span>
        </p>
      )}
      <pre dir="ltr" aria-label={t("tool.command")} className="font-mono text-small wrap-any whitespace-pre-wrap">
        <span aria-hidden="true" className="text-quiet select-none">
          ${" "}
        </span>
        {command}
      </pre>
    </div>
  );
}
