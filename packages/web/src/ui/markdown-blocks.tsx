/**
 * The drawing half of `Markdown`, with the lexer: loaded beside the first messages, not before the page can be used. Every node is made by React from lexer tokens: there is no HTML to inject. One block is one memo
 * by its raw text, so streaming re-renders only the last one.
 */
import { memo, useRef, type ReactNode } from "react";
import type { Token, Tokens } from "marked";
import { useT } from "../i18n/index.ts";
import { CodeBlock } from "./code-block.tsx";
import { cx } from "./cx.ts";
import { Icon } from "./icons.tsx";
import { decodeEntities, EMPTY_DOC, parseMarkdown, safeHref, type MarkdownDoc } from "./markdown.model.ts";

export const MarkdownBlocks = memo(function MarkdownBlocks({ text, className }: { text: string; className?: string }) {
  const doc = useRef<MarkdownDoc>(EMPTY_DOC);
  // a cache, not state: the same text always gives the same blocks, whatever was read before
  doc.current = parseMarkdown(text, doc.current);
  return (
    <div dir="auto" className={cx("flex min-w-0 flex-col gap-3 wrap-any", className)}>
      {doc.current.blocks.map(
        (block, at) => block.type !== "space" && block.type !== "def" && <Block key={at} raw={block.raw} token={block} />,
      )}
    </div>
  );
});

const Block = memo(
  function Block({ token }: { raw: string; token: Token }) {
    return blockNode(token as Tokens.Generic & Token);
  },
  (before, after) => before.raw === after.raw && before.token.type === after.token.type,
);

function blockNode(token: Token): ReactNode {
  switch (token.type) {
    case "heading":
      return <h3 className={cx("font-strong", (token as Tokens.Heading).depth <= 2 && "pt-1 text-title")}>{inline(token.tokens)}</h3>;
    case "paragraph":
      return <p>{inline(token.tokens)}</p>;
    case "text":
      return <span>{textNode(token as Tokens.Text)}</span>;
    case "code":
      return <CodeBlock code={(token as Tokens.Code).text} language={(token as Tokens.Code).lang ?? null} />;
    case "blockquote":
      return <blockquote className="flex flex-col gap-2 border-s-2 border-line ps-3 text-quiet">{blocks(token.tokens)}</blockquote>;
    case "list":
      return listNode(token as Tokens.List);
    case "table":
      return <Table token={token as Tokens.Table} />;
    case "hr":
      return <hr className="border-line" />;
    case "html":
      return <p className="whitespace-pre-wrap">{(token as Tokens.HTML).text.trimEnd()}</p>;
    case "space":
    case "def":
    case "checkbox":
      return null;
    default:
      return <p>{nested(token) ? inline(nested(token)) : token.raw}</p>;
  }
}

/** Kinds the lexer may learn later. */
const nested = (token: Token): Token[] | undefined => ("tokens" in token ? (token.tokens as Token[] | undefined) : undefined);

const blocks = (tokens: Token[] | undefined): ReactNode => tokens?.map((token, at) => <Piece key={at}>{blockNode(token)}</Piece>);

function Piece({ children }: { children: ReactNode }) {
  return children;
}

function listNode(list: Tokens.List): ReactNode {
  const items = list.items.map((item, at) => (
    <li key={at} className={cx("ps-1", item.task && "-ms-5 list-none", list.loose ? "[&>*+*]:mt-2" : "[&>*+*]:mt-1")}>
      {item.task && <TaskMark done={item.checked === true} />}
      {blocks(item.tokens)}
    </li>
  ));
  return list.ordered ? (
    <ol start={list.start === "" ? 1 : list.start} className="flex list-decimal flex-col gap-1 ps-6 marker:text-quiet">
      {items}
    </ol>
  ) : (
    <ul className="flex list-disc flex-col gap-1 ps-5 marker:text-quiet">{items}</ul>
  );
}

function TaskMark({ done }: { done: boolean }) {
  const t = useT();
  return (
    <span
      role="img"
      aria-label={done ? t("todo.completed") : t("todo.pending")}
      className="me-1.5 inline-flex size-4 items-center justify-center rounded-[3px] border border-edge align-[-3px]"
    >
      {done && <Icon name="check" size={12} />}
    </span>
  );
}

function Table({ token }: { token: Tokens.Table }) {
  const t = useT();
  const cell = (at: number) => cx("border-b border-line px-2 py-1 align-top", alignOf(token.align[at]));
  return (
    <div role="region" aria-label={t("ui.table")} tabIndex={0} className="overflow-x-auto">
      <table className="border-collapse">
        <thead>
          <tr>
            {token.header.map((head, at) => (
              <th key={at} scope="col" className={cx(cell(at), "font-strong")}>
                {inline(head.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, line) => (
            <tr key={line}>
              {row.map((entry, at) => (
                <td key={at} className={cell(at)}>
                  {inline(entry.tokens)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const alignOf = (align: "center" | "left" | "right" | null | undefined): string =>
  align === "right" ? "text-end" : align === "center" ? "text-center" : "text-start";

const inline = (tokens: Token[] | undefined): ReactNode => tokens?.map((token, at) => <Piece key={at}>{inlineNode(token)}</Piece>);

const textNode = (token: Tokens.Text): ReactNode => (token.tokens ? inline(token.tokens) : decodeEntities(token.text));

function inlineNode(token: Token): ReactNode {
  switch (token.type) {
    case "strong":
      return <strong className="font-strong">{inline(token.tokens)}</strong>;
    case "em":
      return <em>{inline(token.tokens)}</em>;
    case "del":
      return <del>{inline(token.tokens)}</del>;
    case "codespan":
      return <code className="rounded-[4px] bg-hover px-1 py-px font-mono text-[0.92em]">{(token as Tokens.Codespan).text}</code>;
    case "br":
      return <br />;
    case "link":
      return <Link href={(token as Tokens.Link).href}>{inline(token.tokens)}</Link>;
    case "image":
      return <ImageLink token={token as Tokens.Image} />;
    case "text":
      return textNode(token as Tokens.Text);
    case "escape":
      return (token as Tokens.Escape).text;
    case "checkbox":
      return null;
    // inline HTML, and whatever the lexer learns later: as it was written
    default:
      return token.raw;
  }
}

function Link({ href, children }: { href: string; children: ReactNode }) {
  const safe = safeHref(href);
  if (safe === null) return <span title={href}>{children}</span>;
  return (
    <a href={safe} target="_blank" rel="noopener noreferrer" className="text-accent underline underline-offset-2">
      {children}
    </a>
  );
}

/** Pictures from the network are never fetched by themselves: that would tell a stranger who reads what. */
function ImageLink({ token }: { token: Tokens.Image }) {
  const t = useT();
  return <Link href={token.href}>{t("ui.image", { name: decodeEntities(token.text) || token.href })}</Link>;
}
