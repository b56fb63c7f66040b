/** `hapi --help`: everything on one screen. */
import { allDrivers } from "@hapi/agents";
import type { Command } from "../command.ts";
import type { Palette } from "./terminal.ts";

export function overview(commands: readonly Command[], paint: Palette): string {
  const drivers = allDrivers();
  const first = drivers[0];
  const rows = [
    ...drivers.map((driver, index) => [
      index === 0 ? `[${driver.flavor}] [flags …]` : `${driver.flavor} [flags …]`,
      `${driver.displayName}${index === 0 ? " in this directory; its own commands and flags work as ever" : ""}`,
    ]),
    ...commands.map((command) => [`${command.name}`, command.summary]),
  ] as [string, string][];
  const width = Math.max(...rows.map(([name]) => name.length));
  const line = ([name, text]: [string, string]): string => `  ${paint.bold(name.padEnd(width))}  ${text}`;
  return [
    "Run coding agents on this machine and steer them from anywhere.",
    "",
    `Usage: ${paint.bold("hapi")} [agent] [flags …]   ·   ${paint.bold("hapi")} <command> [options]`,
    "",
    "Agents",
    ...rows.slice(0, drivers.length).map(line),
    "",
    "Commands",
    ...rows.slice(drivers.length).map(line),
    "",
    "Flags of HAPI for every agent",
    "  --new                          another session instead of continuing this directory's",
    "  --model NAME                   model to start with",
    "  --permission-mode MODE         what may happen without asking",
    "  --yolo                         approve everything (for directories you can afford to lose)",
    "  --sandbox                      the agent can write this directory only, and HAPI's files are not there (bubblewrap)",
    "  --hapi-starting-mode MODE      local (the agent's own screen) or remote (steered from web and phone)",
    "  --existing-session-id ID       continue exactly this session",
    "",
    "Examples:",
    "  hapi                           continue the conversation of this directory",
    "  hapi --new --model opus        start another one",
    "  hapi demo                      try it without any agent",
    '  hapi -p "what is this?"        just the answer, as the agent itself gives it: no session',
    '  hapi send . "run the tests"    a prompt to this directory\'s session, from anywhere; --wait prints the answer',
    "  hapi resume                    this directory's session, or a choice",
    "  hapi sessions --json           for scripts",
    "",
    ...(first
      ? [
          `${first.displayName}'s own --help, commands that share a name with one above (agents, doctor, auth, stop): hapi ${first.flavor} <word>`,
        ]
      : []),
    "Environment: HAPI_HOME, HAPI_API_URL, CLI_API_TOKEN, HAPI_LISTEN_HOST, HAPI_LISTEN_PORT, HAPI_PUBLIC_URL, HAPI_ALLOWED_HOSTS, HAPI_TLS, HAPI_TLS_CERT, HAPI_TLS_KEY, HAPI_TRUSTED_PROXIES, CORS_ORIGINS, NO_COLOR",
  ].join("\n");
}
