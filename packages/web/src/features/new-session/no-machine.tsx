/** Nobody is there to start a session: what to type on the hub's own machine, and two lines to paste on another one. */
import { useT } from "../../i18n/index.ts";
import { CodeBlock } from "../../ui/code-block.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { recipeFor } from "./new-session.model.ts";

export function NoMachine() {
  const t = useT();
  const recipe = recipeFor(window.location);
  return (
    <div className="mx-auto flex max-w-[64ch] flex-col gap-4">
      <EmptyState icon="machine" title={t("new.noMachine")} hint={t("new.noMachine.hint")} />
      <section aria-label={t("new.noMachine.here")} className="flex flex-col gap-2">
        <h2 className="text-small font-strong">{t("new.noMachine.here")}</h2>
        <CodeBlock code="hapi runner start" label={t("new.noMachine.here")} />
      </section>
      <section aria-label={t("new.noMachine.other")} className="flex flex-col gap-2">
        <h2 className="text-small font-strong">{t("new.noMachine.other")}</h2>
        {recipe !== null && <CodeBlock code={recipe} label={t("new.noMachine.other")} />}
        <p className="text-small text-quiet">
          {recipe === null ? t("new.noMachine.loopback", { host: window.location.host }) : t("new.noMachine.token")}
        </p>
      </section>
    </div>
  );
}
