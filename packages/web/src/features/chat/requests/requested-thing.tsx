/** What would be done, whole: the command with its directory, the diff with its lines, or the input as it is. */
import type { TimelineRequest } from "@hapi/core";
import { useT } from "../../../i18n/index.ts";
import { Markdown } from "../../../ui/markdown.tsx";
import { kindOf } from "./request.model.ts";
import { Diffs } from "../tools/edit-body.tsx";
import { CommandText } from "../tools/shell-body.tsx";
import { commandOf, cwdOf, simpleInput, wholeJson } from "../tools/body.model.ts";
import { textField } from "../tools/tool.model.ts";
import { piecesOf } from "./marked-text.model.ts";
import { MarkedText } from "./marked-text.tsx";

export function RequestedThing({ request }: { request: TimelineRequest }) {
  const command = kindOf(request) === "execute" ? commandOf(request.input) : null;
  if (command !== null) {
    const description = textField(request.input, "description", "justification", "reason");
    return (
      <div className="rounded-card border border-line bg-sunken">
        <CommandText command={<MarkedText text={command} />} cwd={cwdOf(request.input)} />
        {description && description !== request.title && (
          <p dir="auto" className="px-3 pb-2.5 text-small wrap-any text-quiet">
            {description}
          </p>
        )}
      </div>
    );
  }
  if (request.diffs.length > 0) {
    return (
      <div className="flex flex-col gap-2">
        <HiddenSigns texts={request.diffs.map((diff) => diff.newText)} />
        <Diffs diffs={request.diffs} />
      </div>
    );
  }
  const prompt = request.toolKind === "agent" ? textField(request.input, "prompt", "task") : null;
  if (prompt) return <Markdown text={prompt} />;
  const simple = simpleInput(request.input);
  if (!simple) return <WholeInput input={request.input} />;
  return (
    <dl className="rounded-card border border-line bg-sunken p-3 text-small">
      {simple.map((fact) => (
        <div key={fact.name} className="flex flex-wrap gap-x-3">
          <dt className="text-quiet">{fact.name}</dt>
          <dd dir="auto" className="min-w-0 font-mono wrap-any">
            <MarkedText text={fact.value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Nothing of it is cut or folded: it is what is allowed. */
function WholeInput({ input }: { input: unknown }) {
  const t = useT();
  return (
    <pre
      dir="ltr"
      aria-label={t("tool.input")}
      className="rounded-card border border-line bg-sunken p-3 font-mono text-small wrap-any whitespace-pre-wrap"
    >
      <MarkedText text={wholeJson(input)} />
    </pre>
  );
}

/** In a diff the lines are as they will be; what can't be seen in them is said above. */
function HiddenSigns({ texts }: { texts: readonly string[] }) {
  const t = useT();
  const codes = [...new Set(texts.flatMap((text) => piecesOf(text).flatMap((piece) => (piece.kind === "sign" ? [piece.code] : []))))];
  if (codes.length === 0) return null;
  return (
    <p className="rounded-card bg-waiting-wash px-3 py-2 text-small text-waiting">
      {t("request.signs", { codes: codes.slice(0, 12).join(", ") })}
    </p>
  );
}
