/** What the page and the highlight worker say to each other. Tokens travel as class names of theme.css, never as colours or HTML. */
export const LANGUAGES = [
  "typescript",
  "tsx",
  "javascript",
  "json",
  "bash",
  "python",
  "go",
  "rust",
  "html",
  "css",
  "markdown",
  "yaml",
  "sql",
  "diff",
] as const;
export type Language = (typeof LANGUAGES)[number];

/** `tk` keyword · `ts` string · `tn` number, constant · `tc` comment · `tf` function · `tt` type, tag · `tp` punctuation · "" plain */
export type TokenClass = "tk" | "ts" | "tn" | "tc" | "tf" | "tt" | "tp" | "";
export type CodeToken = readonly [text: string, className: TokenClass];
export type CodeLine = readonly CodeToken[];

export interface HighlightRequest {
  id: number;
  code: string;
  language: Language;
}
export interface HighlightAnswer {
  id: number;
  /** Null: this code could not be tokenised; it stays plain. */
  lines: CodeLine[] | null;
}
