/** What would be done, whole: the command with its directory, the diff with its lines, or the input as it is. */
import type { TimelineRequest } from "@hapi/core";
import { useT } from "../../../i18n/index.ts";
import { CodeBlock } from "../../../ui/code-block.tsx";
import { Markdown } from "../../../ui/markdown.tsx";
import { kindOf } from "./request.model.ts";
import { Diffs } from "../tools/edit-body.tsx";
import { CommandText } from "../tools/shell-body.tsx";
import { commandOf, cwdOf, prettyJson, simpleInput } from "../tools/body.model.ts";
import { textField } from "../tools/tool.model.ts";

export function RequestedThing({ request }: { request: TimelineRequest }) {
  const t = useT();
  const command = kindOf(request) === "execute" ? commandOf(request.input) : null;
  if (command !== null) {
    const description = textField(request.input, "description", "justification", "reason");
    return (
      <div className="rounded-card border border-line bg-sunken">
        <CommandText command={command} cwd={cwdOf(request.input)} />
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
        <Diffs diffs={request.diffs} />
      </div>
    );
  }
  const prompt = request.toolKind === "agent" ? textField(request.input, "prompt", "task") : null;
  if (prompt) return <Markdown text={prompt} />;
  const simple = simpleInput(request.input);
  if (!simple) return <CodeBlock code={prettyJson(request.input)} language="json" label={t("tool.input")} />;
  return (
    <dl className="rounded-card border border-line bg-sunken p-3 text-small">
      {simple.map((fact) => (
        <div key={fact.name} className="flex flex-wrap gap-x-3">
          <dt className="text-quiet">{fact.name}</dt>
          <dd dir="auto" className="min-w-0 font-mono wrap-any">
            {fact.value}
          </dd>
        </div>
      ))}
    </dl>
  );
}
