/**
 * Markdown as plain lines of a terminal: what marks up is gone, what it means stays (a heading on its own, a list with its bullets, code as it
 * stands). Text that is still being written is half marked up at its end: it reads well enough.
 */
import { lexer, type Token, type Tokens } from "marked";

/** Nested deeper, it stands as it was written. */
const MAX_DEPTH = 8;

function inline(tokens: readonly Token[] | undefined, fallback: string): string {
  if (!tokens) return fallback;
  return tokens
    .map((token) => {
      switch (token.type) {
        case "br":
          return "\n";
        case "link": {
          const { href, text } = token as Tokens.Link;
          return href === text || href === `mailto:${text}` ? text : `${text} (${href})`;
        }
        case "image": {
          const { href, text } = token as Tokens.Image;
          return text === "" ? href : `${text} (${href})`;
        }
        case "codespan":
        case "escape":
        case "html":
          return (token as Tokens.Codespan).text;
        default:
          return inline("tokens" in token ? token.tokens : undefined, "text" in token ? String(token.text) : token.raw);
      }
    })
    .join("");
}

const indented = (text: string, first: string): string =>
  text.replaceAll(/^/gm, " ".repeat(first.length)).replace(" ".repeat(first.length), first);

function listOf(list: Tokens.List, depth: number): string {
  const from = typeof list.start === "number" ? list.start : 1;
  return list.items
    .map((item, at) => {
      const box = item.task ? (item.checked ? "[x] " : "[ ] ") : "";
      const mark = list.ordered ? `${from + at}. ` : "• ";
      return indented(box + blocks(item.tokens, depth + 1, "\n"), mark);
    })
    .join("\n");
}

function tableOf(table: Tokens.Table): string {
  const rows = [table.header, ...table.rows];
  return rows.map((row) => row.map((cell) => inline(cell.tokens, cell.text)).join(" | ")).join("\n");
}

function block(token: Token, depth: number): string {
  if (depth > MAX_DEPTH) return token.raw.trimEnd();
  switch (token.type) {
    case "space":
      return "";
    case "code":
      return indented((token as Tokens.Code).text, "  ");
    case "list":
      return listOf(token as Tokens.List, depth);
    case "blockquote":
      return blocks((token as Tokens.Blockquote).tokens, depth + 1).replaceAll(/^/gm, "│ ");
    case "table":
      return tableOf(token as Tokens.Table);
    case "hr":
      return "───";
    case "html":
      return token.raw.trimEnd();
    default:
      return inline("tokens" in token ? token.tokens : undefined, "text" in token ? String(token.text) : token.raw);
  }
}

function blocks(tokens: readonly Token[], depth: number, between = "\n\n"): string {
  return tokens
    .filter((token) => token.type !== "space" && token.type !== "checkbox")
    .map((token) => block(token, depth))
    .join(between);
}

/** Deeper nesting makes a parser slow or fall over: then the text stands as it was written. */
const MOST_MARKS = 200;

export function withoutMarkup(text: string): string {
  if (/^[ \t]*(?:>[ \t]*){20}/m.test(text) || (text.match(/^[ \t]*>/gm)?.length ?? 0) > MOST_MARKS) return text;
  return blocks(lexer(text), 0);
}
