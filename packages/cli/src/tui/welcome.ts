/** The screen a newcomer sees after `npm start` or `hapi hub`: where to go, the token, and a code for the phone where a phone can get there. */
import { renderUnicodeCompact } from "uqr";
import { type ListeningHub, unreachableHint, webLink } from "../web-link.ts";
import type { Palette } from "./terminal.ts";

export interface WelcomeFacts extends ListeningHub {
  home: string;
  /** Pid of the hub, where it was running already and this is only a look. */
  running?: number;
  hasRunner: boolean;
}

export function welcome(facts: WelcomeFacts, paint: Palette, options: { withCode: boolean }): string {
  const { link, url, reach } = webLink(facts);
  const lines = [
    "",
    `  ${paint.bold(facts.running === undefined ? "HAPI is running." : `HAPI is running already (pid ${facts.running}).`)}`,
    "",
    `  Open   ${paint.busy(link)}`,
    `  Token  ${facts.token}`,
    `  Data   ${facts.home}`,
    "",
  ];
  if (options.withCode && reach !== "computer") lines.push(...codeLines(link), "");
  const hints: string[] = reach === "computer" ? [...unreachableHint] : [];
  if (!facts.hasRunner) hints.push("No runner was started, so the web app can start sessions here only after: hapi runner start");
  if (reach !== "computer") hints.push("Sessions on another machine, too:", ...recipe(url).map((line) => `  ${line}`));
  hints.push(
    facts.running === undefined
      ? "Ctrl-C stops the hub. Sessions go on without it and are there again when it is back."
      : "Stop it with: hapi hub stop. Sessions go on without it.",
  );
  return [...lines, ...hints.map((line) => paint.dim(`  ${line}`)), ""].join("\n");
}

/** What makes another machine one of this hub's: two lines to paste into its terminal. */
export function recipe(url: string): [string, string] {
  return ["npm install -g hapi-agents", `hapi auth login --url ${url} && hapi runner start`];
}

export function codeLines(link: string): string[] {
  return renderUnicodeCompact(link, { border: 1 })
    .split("\n")
    .map((line) => `  ${line}`);
}
