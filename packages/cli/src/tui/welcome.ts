/** The screen a newcomer sees after `npm start` or `hapi hub`: where to go, the token, and a code for the phone. */
import { renderUnicodeCompact } from "uqr";
import type { Palette } from "./terminal.ts";

export interface WelcomeFacts {
  url: string;
  publicUrl: string | null;
  token: string;
  home: string;
  isLoopback: boolean;
}

export function welcome(facts: WelcomeFacts, paint: Palette, options: { withCode: boolean }): string {
  const base = facts.publicUrl ?? facts.url;
  const link = `${base.replace(/\/$/, "")}/?token=${encodeURIComponent(facts.token)}`;
  const lines = [
    "",
    `  ${paint.bold("HAPI is running.")}`,
    "",
    `  Open   ${paint.busy(link)}`,
    `  Token  ${facts.token}`,
    `  Data   ${facts.home}`,
    "",
  ];
  if (options.withCode) {
    lines.push(
      ...renderUnicodeCompact(link, { border: 1 })
        .split("\n")
        .map((line) => `  ${line}`),
      "",
    );
  }
  if (facts.isLoopback && !facts.publicUrl) {
    lines.push(
      paint.dim("  Only this computer can reach it. For your phone, put a tunnel or a TLS proxy in front and set HAPI_PUBLIC_URL,"),
      paint.dim("  or listen on your network with --host 0.0.0.0 if you trust everyone on it."),
      "",
    );
  }
  lines.push(paint.dim("  Ctrl-C stops the hub. Sessions go on without it and are there again when it is back."), "");
  return lines.join("\n");
}
