/** The open part of a tool card: the right view for its kind, then whatever the result carried beside text. */
import "../../../i18n/later.ts";
import { memo, type ReactNode } from "react";
import type { ToolItem } from "@hapi/core";
import { useT } from "../../../i18n/index.ts";
import { CodeBlock } from "../../../ui/code-block.tsx";
import { OpenablePicture } from "../../../ui/openable-picture.tsx";
import { Markdown } from "../../../ui/markdown.tsx";
import { TodoList } from "../timeline/plan-row.tsx";
import { AgentBody } from "./agent-body.tsx";
import { EditBody } from "./edit-body.tsx";
import { OutputText } from "./output-text.tsx";
import { QuestionBody } from "./question-body.tsx";
import { ShellBody } from "./shell-body.tsx";
import { imageSource, prettyJson, simpleInput, stripLineNumbers, todosOf } from "./body.model.ts";
import { textField } from "./tool.model.ts";

export const ToolBody = memo(function ToolBody({ item }: { item: ToolItem }) {
  return (
    <div className="flex flex-col gap-2">
      {bodyOf(item)}
      <Images item={item} />
    </div>
  );
});

/** Something there is no view for, as it is. */
export function JsonBody({ value }: { value: unknown }) {
  return <CodeBlock code={prettyJson(value)} language="json" />;
}

/** What a command of the agent's own said. */
export function CommandOutput({ text, isMarkdown }: { text: string; isMarkdown: boolean }) {
  if (!isMarkdown) return <OutputText text={text} />;
  return (
    <div className="overflow-x-auto rounded-card border border-line bg-sunken p-3">
      <Markdown text={text} className="text-small" />
    </div>
  );
}

function bodyOf(item: ToolItem): ReactNode {
  switch (item.kind) {
    case "execute":
      return <ShellBody item={item} />;
    case "edit":
      return <EditBody item={item} />;
    case "agent":
      return <AgentBody item={item} />;
    case "read":
      return <ReadBody item={item} />;
    case "search":
      return <SearchBody item={item} />;
    case "fetch":
      return <FetchBody item={item} />;
    case "todo":
      return <TodoBody item={item} />;
    case "plan":
      return <PlanBody item={item} />;
    case "question":
      return <QuestionBody item={item} />;
    case "think":
      return <Markdown text={textField(item.input, "thought", "text", "content") ?? item.output ?? item.object} className="text-quiet" />;
    case "delete":
    case "move":
    case "other":
      return <OtherBody item={item} />;
  }
}

function ReadBody({ item }: { item: ToolItem }) {
  if (item.status === "failed") return <OutputText text={item.output ?? ""} />;
  if (item.output === null) return null;
  return (
    <CodeBlock
      code={stripLineNumbers(item.output)}
      language={textField(item.input, "file_path", "filePath", "path") ?? item.object}
      label={item.object}
    />
  );
}

function SearchBody({ item }: { item: ToolItem }) {
  const where = textField(item.input, "path", "glob", "include");
  return (
    <>
      <Facts
        facts={[
          ["search.pattern", textField(item.input, "pattern", "query")],
          ["search.where", where],
        ]}
      />
      <OutputText text={item.output ?? ""} />
    </>
  );
}

function FetchBody({ item }: { item: ToolItem }) {
  return (
    <>
      <Facts
        facts={[
          ["fetch.url", textField(item.input, "url", "uri")],
          ["fetch.query", textField(item.input, "query", "prompt")],
        ]}
      />
      <OutputText text={item.output ?? ""} />
    </>
  );
}

function TodoBody({ item }: { item: ToolItem }) {
  const entries = todosOf(item.input);
  return entries.length > 0 ? <TodoList entries={entries} /> : <OtherBody item={item} />;
}

function PlanBody({ item }: { item: ToolItem }) {
  const plan = textField(item.input, "plan", "text", "content");
  return plan ? <Markdown text={plan} className="rounded-card border border-line p-3" /> : <OtherBody item={item} />;
}

function OtherBody({ item }: { item: ToolItem }) {
  const t = useT();
  const simple = simpleInput(item.input);
  return (
    <>
      {simple ? (
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-1 text-small">
          {simple.map((fact) => (
            <div key={fact.name} className="contents">
              <dt className="text-quiet">{fact.name}</dt>
              <dd dir="auto" className="font-mono wrap-any">
                {fact.value}
              </dd>
            </div>
          ))}
        </dl>
      ) : (
        item.input !== null &&
        item.input !== undefined && <CodeBlock code={prettyJson(item.input)} language="json" label={t("tool.input")} />
      )}
      <OutputText text={item.output ?? item.liveOutput ?? ""} />
    </>
  );
}

function Facts({
  facts,
}: {
  facts: readonly (readonly ["search.pattern" | "search.where" | "fetch.url" | "fetch.query", string | null])[];
}) {
  const t = useT();
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 text-small">
      {facts.map(
        ([key, value]) =>
          value && (
            <div key={key} className="contents">
              <dt className="text-quiet">{t(key)}</dt>
              <dd dir="auto" className="font-mono wrap-any">
                {value}
              </dd>
            </div>
          ),
      )}
    </dl>
  );
}

function Images({ item }: { item: ToolItem }) {
  const t = useT();
  return item.content.map((part, at) => {
    if (part.type !== "image") return null;
    const source = imageSource(part);
    return (
      source && (
        <OpenablePicture
          key={at}
          src={source}
          name={t("tool.image", { name: item.object })}
          className="max-h-96 max-w-full border border-line"
        />
      )
    );
  });
}
