/** Which grammar a fence or a file name means, and the bounded memory of what was already coloured. */
import type { Language } from "../workers/highlight-protocol.ts";

const NAMES: Record<string, Language> = {
  ts: "typescript",
  mts: "typescript",
  cts: "typescript",
  typescript: "typescript",
  tsx: "tsx",
  jsx: "tsx",
  js: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  javascript: "javascript",
  json: "json",
  jsonc: "json",
  jsonl: "json",
  sh: "bash",
  bash: "bash",
  zsh: "bash",
  shell: "bash",
  console: "bash",
  py: "python",
  python: "python",
  go: "go",
  rs: "rust",
  rust: "rust",
  html: "html",
  htm: "html",
  svg: "html",
  xml: "html",
  vue: "html",
  css: "css",
  scss: "css",
  md: "markdown",
  markdown: "markdown",
  yml: "yaml",
  yaml: "yaml",
  sql: "sql",
  diff: "diff",
  patch: "diff",
};

/** From the word after a fence, or a path's extension. */
export function languageOf(nameOrPath: string | null | undefined): Language | null {
  if (!nameOrPath) return null;
  const word = nameOrPath.trim().split(/[\s{:,]/, 1)[0] ?? "";
  const extension = word.slice(Math.max(word.lastIndexOf("."), word.lastIndexOf("/")) + 1).toLowerCase();
  return Object.hasOwn(NAMES, extension) ? (NAMES[extension] ?? null) : null;
}

/** Longer code stays plain: nobody reads it here, and the tokens would weigh more than the text. */
export const MAX_HIGHLIGHT_CHARS = 100_000;
export const MAX_CACHED_CHARS = 1_000_000;

/** Least recently used, bounded by the characters of its keys. */
export class TextCache<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #limit: number;
  #size = 0;

  constructor(limit = MAX_CACHED_CHARS) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: string, value: Value): void {
    if (this.#entries.delete(key)) this.#size -= key.length;
    this.#entries.set(key, value);
    this.#size += key.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= this.#limit || oldest === key) break;
      this.#entries.delete(oldest);
      this.#size -= oldest.length;
    }
  }
}
