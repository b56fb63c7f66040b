/** The screen a newcomer sees after `npm start` or `hapi hub`: a link that signs one browser in, and its code for the phone where a phone can get there. */
import { renderUnicodeCompact } from "uqr";
import { type ListeningHub, unreachableHint, type WebAddress, webAddress } from "../web-address.ts";
import type { Palette } from "./terminal.ts";

export interface WelcomeFacts extends ListeningHub {
  home: string;
  /** Pid of the hub, where it was running already and this is only a look. */
  running?: number;
  hasRunner: boolean;
  /** Beyond this computer over plain HTTP, as somebody insists. */
  isInsecure?: boolean | undefined;
  /** `npm start` in a clone: there is no `hapi` on the PATH. */
  isUninstalled?: boolean;
}

export function welcome(facts: WelcomeFacts, paint: Palette, options: { withCode: boolean }): string {
  const web = webAddress(facts);
  const { link, url, reach, fingerprint } = web;
  const lines = [
    "",
    `  ${paint.bold(facts.running === undefined ? "HAPI is running." : `HAPI is running already (pid ${facts.running}).`)}`,
    "",
    `  Open   ${paint.busy(link)}`,
    `  Data   ${facts.home}`,
    ...trustLines(facts, web, paint),
    "",
  ];
  if (options.withCode && reach !== "computer") lines.push(...codeLines(link), "");
  const hints: string[] = facts.token === "" ? [] : ["The link signs one browser in, once, within ten minutes. For another: hapi web"];
  if (facts.isUninstalled) hints.push("As long as it is not installed, hapi is bin/hapi in this folder.");
  if (reach === "computer") hints.push(...unreachableHint);
  if (!facts.hasRunner) hints.push("No runner was started, so the web app can start sessions here only after: hapi runner start");
  if (reach !== "computer" && fingerprint === undefined && !facts.isInsecure)
    hints.push(
      "Sessions on another machine, too, with a secret for it (hapi auth add NAME, here):",
      ...recipe(url).map((line) => `  ${line}`),
    );
  hints.push(
    facts.running === undefined
      ? "Ctrl-C stops the hub. Sessions go on without it and are there again when it is back."
      : "Stop it with: hapi hub stop. Sessions go on without it.",
  );
  return [...lines, ...hints.map((line) => paint.dim(`  ${line}`)), ""].join("\n");
}

/** What a person has to know before the browser asks, or before it does not ask. */
function trustLines({ isInsecure }: WelcomeFacts, { fingerprint, reach }: WebAddress, paint: Palette): string[] {
  if (isInsecure && reach !== "public") return ["", ...insecureWords.map((line) => `  ${paint.bad(line)}`)];
  if (fingerprint === undefined) return [];
  return ["", "  The browser will ask whether to trust the certificate. It is this hub's if its SHA-256 is:", ...halves(fingerprint)];
}

const halves = (fingerprint: string): string[] => [fingerprint.slice(0, 48), fingerprint.slice(48)].map((half) => `    ${half}`);

const insecureWords = [
  "PLAIN HTTP: whoever is between a device and this hub reads the token, and can run",
  "commands on your machines with it. Better: hapi hub --host 0.0.0.0 --tls",
];

/** What makes another machine one of this hub's: two lines to paste into its terminal. */
export function recipe(url: string): [string, string] {
  return ["npm install -g hapi-agents", `hapi auth login --url ${url} && hapi runner start`];
}

export function codeLines(link: string): string[] {
  return renderUnicodeCompact(link, { border: 1 })
    .split("\n")
    .map((line) => `  ${line}`);
}
