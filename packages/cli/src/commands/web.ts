/** `hapi web`: the way into the web app of this machine's hub, at any time: its link, a code for the phone, the browser. */
import { spawn } from "node:child_process";
import { findOutside, outsidePath } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { isSet, type Command, type CommandContext } from "../command.ts";
import { configuredHub, noHubAnswers } from "../hub-api.ts";
import { takesToken } from "../hub-token.ts";
import { isHealthy } from "../local-hub.ts";
import { webCode } from "../web-code.ts";
import { codeLines } from "../tui/welcome.ts";
import { hubOnTheWeb, unreachableHint, type WebAddress, webAddress } from "../web-address.ts";

export const webCommand: Command = {
  name: "web",
  summary: "Open the web app, or print its link and a code for the phone",
  usage: "[--open] [--json]",
  options: {
    open: { type: "boolean", short: "o", help: "in this computer's browser" },
    "no-qr": { type: "boolean", help: "don't print the QR code" },
    json: { type: "boolean", help: "print JSON: url, link with a one-time code, who can reach it" },
  },
  takes: {},
  examples: [
    "hapi web                         link and code, for a browser or a phone",
    "hapi web --open",
    "hapi web --json | jq -r .link",
  ],
  async run(words, context) {
    const { terminal, paint } = context;
    const found = await findLink(context);
    if (isSet(words, "json")) terminal.json(found);
    else {
      terminal.out(found.link);
      if (terminal.isInteractive) {
        if (found.reach === "computer") terminal.note(unreachableHint.map(paint.dim).join("\n"));
        else if (!isSet(words, "no-qr")) terminal.out(codeLines(found.link).join("\n"));
        if (found.fingerprint !== undefined) terminal.note(paint.dim(`SHA-256 of the certificate: ${found.fingerprint}`));
        terminal.note(
          paint.dim("The link signs in the first who opens it, once, within ten minutes: keep it to yourself. For another: hapi web"),
        );
      }
    }
    if (isSet(words, "open")) openInBrowser(found.link, context);
    return 0;
  },
};

async function findLink({ env }: CommandContext): Promise<WebAddress> {
  const { url, token } = configuredHub(env);
  if (!(await isHealthy(url))) throw noHubAnswers(env);
  if (!(await takesToken(url, token)))
    throw new AppError(
      "invalid_access_token",
      `The hub at ${url} does not take this machine's token. Give it another with: hapi auth login.`,
    );
  const place = hubOnTheWeb(env);
  const code = await webCode({ url, token });
  // Whichever hub makes one has a web app that reads it behind the #.
  return webAddress(code === null ? { ...place, token } : { ...place, token: code, isElsewhere: false });
}

function openInBrowser(link: string, { env, terminal }: CommandContext): void {
  // Typed in a folder where an agent may have left a program of that name.
  const written = [process.cwd()];
  const found = ["open", "xdg-open", "wslview"].map((name) => findOutside(name, env["PATH"], written));
  const opener = found.find((program) => program !== null);
  if (!opener) throw new AppError("not_supported", "This computer has no program that opens a browser. Open the link yourself.");
  const child = spawn(opener, [link], {
    detached: true,
    stdio: "ignore",
    env: { ...process.env, PATH: outsidePath(env["PATH"], written) },
  });
  child.on("error", (cause) => terminal.note(`${opener} could not be started: ${cause.message}`));
  child.unref();
}
