/**
 * Cursor CLI over ACP (`agent acp`), by its vendor's documents (cursor.com/docs/cli/acp, 2026): it can't be had without an account, and takes no
 * other model host, so no suite of HAPI's has run it. Its own requests block it until they are answered.
 */
import { realpathSync } from "node:fs";
import { attempt } from "@hapi/platform/lean";
import { findProgram } from "../shared/program.ts";
import type { AcpProfile } from "../acp/profile.ts";
import { secrets, variables } from "../environment.ts";
import { cursorPlan, cursorQuestion } from "./asks.ts";

export const cursorProfile: AcpProfile = {
  flavor: "cursor",
  displayName: "Cursor CLI",
  command: (env) => [programName(env), "acp"],
  installHint: "Install it as cursor.com/cli says, and log in with `agent login`.",
  verified: { versions: [], how: "stand-in" },
  variables: [
    ...secrets("account", "CURSOR_API_KEY", "CURSOR_AUTH_TOKEN"),
    ...variables("config-home", "CURSOR_CONFIG_DIR"),
    ...variables("base-url", "CURSOR_API_ENDPOINT"),
  ],
  capabilities: { permissionModes: ["default", "plan", "ask", "yolo"] },
  modes: { default: "agent" },
  login: { methodId: "cursor_login" },
  loginHint: "Log in with `agent login` and start it again.",
  own: { "cursor/ask_question": cursorQuestion, "cursor/create_plan": cursorPlan },
  todos: { method: "cursor/update_todos", answer: {} },
  // Word of a sub-agent that ended, and of a picture that lies in a file.
  ignores: ["cursor/task", "cursor/generate_image"],
};

/** `agent` is a name that anybody's program may have: it is Cursor's where it leads to a folder of Cursor's. */
function programName(env: Readonly<Record<string, string>>): string {
  const path = env["PATH"] ?? "";
  const found = findProgram("agent", path);
  if (findProgram("cursor-agent", path) !== undefined || found === undefined) return "cursor-agent";
  const real = attempt(() => realpathSync(found), "then it is not Cursor's") ?? "";
  return /(^|\/)cursor(-agent)?\//i.test(real) ? "agent" : "cursor-agent";
}
