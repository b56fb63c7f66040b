/// <reference lib="webworker" />
/**
 * Colours code away from the main thread: a first tokenise of a long file takes half a second. Grammars are loaded when first asked for.
 * A failure answers null, and the page keeps its plain text.
 */
import { createCssVariablesTheme, createHighlighterCore, type HighlighterCore, type LanguageInput } from "shiki/core";
import { createJavaScriptRegexEngine } from "shiki/engine/javascript";
import type { CodeLine, HighlightAnswer, HighlightRequest, Language, TokenClass } from "./highlight-protocol.ts";

const GRAMMARS: Record<Language, LanguageInput> = {
  typescript: () => import("shiki/langs/typescript.mjs"),
  tsx: () => import("shiki/langs/tsx.mjs"),
  javascript: () => import("shiki/langs/javascript.mjs"),
  json: () => import("shiki/langs/json.mjs"),
  bash: () => import("shiki/langs/bash.mjs"),
  python: () => import("shiki/langs/python.mjs"),
  go: () => import("shiki/langs/go.mjs"),
  rust: () => import("shiki/langs/rust.mjs"),
  html: () => import("shiki/langs/html.mjs"),
  css: () => import("shiki/langs/css.mjs"),
  markdown: () => import("shiki/langs/markdown.mjs"),
  yaml: () => import("shiki/langs/yaml.mjs"),
  sql: () => import("shiki/langs/sql.mjs"),
  diff: () => import("shiki/langs/diff.mjs"),
};

const CLASSES: Record<string, TokenClass> = {
  "token-keyword": "tk",
  "token-string": "ts",
  "token-string-expression": "ts",
  "token-constant": "tn",
  "token-comment": "tc",
  "token-function": "tf",
  "token-parameter": "",
  "token-punctuation": "tp",
  "token-link": "tf",
  "token-inserted": "ts",
  "token-deleted": "tk",
  "token-changed": "tn",
};

const THEME = "hapi";
let highlighter: Promise<HighlighterCore> | null = null;

function start(): Promise<HighlighterCore> {
  highlighter ??= createHighlighterCore({
    themes: [createCssVariablesTheme({ name: THEME, variablePrefix: "--", fontStyle: false })],
    langs: [],
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  });
  return highlighter;
}

const classOf = (color: string | undefined): TokenClass => CLASSES[/^var\(--([\w-]+)\)/.exec(color ?? "")?.[1] ?? ""] ?? "";

async function tokenise({ code, language }: HighlightRequest): Promise<CodeLine[]> {
  const core = await start();
  if (!core.getLoadedLanguages().includes(language)) await core.loadLanguage(GRAMMARS[language]);
  const lines = core.codeToTokensBase(code, { lang: language, theme: THEME, tokenizeMaxLineLength: 2_000, tokenizeTimeLimit: 300 });
  return lines.map((line) => joinAlike(line.map((token) => [token.content, classOf(token.color)] as const)));
}

/** Neighbours of the same class become one token: half the nodes on the page. */
function joinAlike(line: CodeLine): CodeLine {
  const joined: [string, TokenClass][] = [];
  for (const [text, className] of line) {
    const last = joined.at(-1);
    if (last && last[1] === className) last[0] += text;
    else joined.push([text, className]);
  }
  return joined;
}

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;

scope.addEventListener("message", (event: MessageEvent<HighlightRequest>) => {
  const { id } = event.data;
  const reply = (lines: HighlightAnswer["lines"]) => scope.postMessage({ id, lines } satisfies HighlightAnswer);
  tokenise(event.data).then(reply, () => reply(null));
});
