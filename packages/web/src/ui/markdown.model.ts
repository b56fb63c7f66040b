/**
 * Markdown as blocks. Text that grows is not read again from its start: finished blocks keep their identity, so their React nodes are not
 * touched while the last one streams. What an agent writes is never trusted: links go through `safeHref`, HTML stays text. Pure.
 */
import { cutText } from "@hapi/core";
import { Lexer, type Token } from "marked";

export interface MarkdownDoc {
  readonly source: string;
  readonly blocks: readonly Token[];
}

/** How many of the last blocks a following character may still change (a list may go on after a blank line, a paragraph may become a heading). */
const UNSETTLED = 3;
/** Longer texts are shown as they are: no answer of an agent needs a megabyte of markup. */
export const MAX_MARKDOWN_CHARS = 300_000;

/** Quotes in lists in quotes: deeper than this is no text that somebody wrote. */
const MAX_DEPTH = 40;

export const EMPTY_DOC: MarkdownDoc = { source: "", blocks: [] };

export function parseMarkdown(text: string, before: MarkdownDoc = EMPTY_DOC): MarkdownDoc {
  const source = cutText(text, MAX_MARKDOWN_CHARS).replace(/\r\n?/g, "\n");
  if (source === before.source) return before;
  const settled = before.source !== "" && source.startsWith(before.source) ? before.blocks.slice(0, -UNSETTLED) : [];
  const start = settled.reduce((sum, block) => sum + block.raw.length, 0);
  // a tab or a no-break space may be rewritten by the lexer: then lengths say nothing, and the whole is read again
  const intact = settled.every((block, at) => at > 0 || source.startsWith(block.raw)) && sliceMatches(source, settled, start);
  return intact ? { source, blocks: [...settled, ...lex(source.slice(start))] } : { source, blocks: lex(source) };
}

function sliceMatches(source: string, blocks: readonly Token[], end: number): boolean {
  const last = blocks.at(-1);
  return !last || source.slice(end - last.raw.length, end) === last.raw;
}

function lex(source: string): Token[] {
  try {
    const blocks = new Lexer({ gfm: true, breaks: false }).lex(source);
    return blocks.map((block) => (isDeeper(block, MAX_DEPTH) ? asText(block.raw) : block));
  } catch (cause) {
    // Thousands of quotes in quotes: the lexer calls itself for each.
    if (cause instanceof RangeError) return [asText(source)];
    throw cause;
  }
}

/** Drawn as it stands: what nobody can read as markup must not take the page with it. */
const asText = (raw: string): Token => ({ type: "html", block: true, pre: false, raw, text: raw });

function isDeeper(token: Token, levels: number): boolean {
  const { tokens = [], items = [] } = token as { tokens?: Token[]; items?: Token[] };
  if (tokens.length === 0 && items.length === 0) return false;
  return levels === 0 || [...tokens, ...items].some((inner) => isDeeper(inner, levels - 1));
}

const SAFE_PROTOCOLS: ReadonlySet<string> = new Set(["http:", "https:", "mailto:"]);

/** The address when it may be followed, else null. Relative addresses have no meaning here: they would lead into our own app. */
export function safeHref(href: string): string | null {
  const decoded = decodeEntities(href).trim();
  // oxlint-disable-next-line no-control-regex -- control characters hide a scheme from naive checks
  if (/[\u0000-\u001f\u007f]/.test(decoded) || !/^[a-z][a-z0-9+.-]*:/i.test(decoded)) return null;
  try {
    const url = new URL(decoded);
    return SAFE_PROTOCOLS.has(url.protocol) ? url.href : null;
  } catch (cause) {
    if (cause instanceof TypeError) return null;
    throw cause;
  }
}

const ENTITIES: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  mdash: "—",
  ndash: "–",
  hellip: "…",
  copy: "©",
};

/** The lexer leaves character references in text to a browser's HTML parser, which we don't use. Unknown ones stay as they were written. */
export function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w{2,10}));/g, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return Object.hasOwn(ENTITIES, name) ? (ENTITIES[name] ?? whole) : whole;
    const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hex ?? "", 16);
    return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole;
  });
}
