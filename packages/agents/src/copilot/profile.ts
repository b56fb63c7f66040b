/** GitHub Copilot CLI over ACP (`copilot --acp`), measured on 1.0.102. */
import { realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { attempt } from "@hapi/platform/lean";
import type { AcpProfile, Spoken } from "../acp/profile.ts";
import { isExecutable } from "../shared/program.ts";
import { secrets, variables } from "../environment.ts";
import verified from "../verified.json" with { type: "json" };

const MODE = "https://agentclientprotocol.com/protocol/session-modes#";

export const copilotProfile: AcpProfile = {
  flavor: "copilot",
  displayName: "GitHub Copilot CLI",
  command: () => ["copilot", "--acp"],
  behind: ownBinary,
  installHint: "Install it with `npm install -g @github/copilot`.",
  loginHint: "Log in with `copilot login` in a terminal.",
  verified: { versions: verified.copilot, how: "real" },
  variables: [
    ...variables("config-home", "COPILOT_HOME"),
    ...secrets("account", "COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "COPILOT_PROVIDER_API_KEY", "COPILOT_PROVIDER_BEARER_TOKEN"),
    ...variables("account", "GH_HOST"),
    ...variables("provider", "COPILOT_OFFLINE", "COPILOT_PROVIDER_TYPE"),
    ...variables("base-url", "COPILOT_PROVIDER_BASE_URL"),
    ...variables("model", "COPILOT_MODEL"),
  ],
  // Its autopilot goes on by itself until a task is done: that is more than HAPI's "approve everything", which is an option of its own.
  modes: { default: `${MODE}agent`, yolo: `${MODE}agent`, plan: `${MODE}plan`, autopilot: `${MODE}autopilot` },
  modeOptions: { allow_all: { modes: ["yolo"], on: "on", off: "off" } },
  retry: "continue",
  spoken: copilotSpoken,
};

/** npm's `copilot` is a script that starts the platform's binary as its child, and dies alone. */
function ownBinary(program: string): readonly string[] {
  const real = attempt(() => realpathSync(program), "then it is taken as it is") ?? program;
  const binary = join(dirname(real), "..", `copilot-${process.platform}-${process.arch}`, "copilot");
  return basename(real) === "npm-loader.js" && isExecutable(binary) ? [binary] : [program];
}

/** What it says of a failed request is words of the model to ACP, and the turn ends as any other. */
function copilotSpoken(chunk: string): Spoken | null {
  const info = /^Info: (Request failed due to a transient API error\. Retrying\.\.\.)$/.exec(chunk);
  if (info?.[1]) return { type: "waiting", message: info[1] };
  const error = /^Error: ((?:Failed to get response from the AI model|Execution failed|Request failed|(\d{3}) )[^]*)$/.exec(chunk);
  if (!error?.[1]) return null;
  return { type: "failed", message: error[1], ...(error[2] ? { status: Number(error[2]) } : {}) };
}
