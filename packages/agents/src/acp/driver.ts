/** Makes a driver of a profile: any agent that speaks ACP is a few lines of data away. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { permissionModesOf, type AgentCapabilities } from "@hapi/protocol";
import type { AgentDriver, Detection } from "../driver.ts";
import { AcpConversation } from "./conversation.ts";
import type { AcpProfile } from "./profile.ts";

export function createAcpDriver(profile: AcpProfile): AgentDriver {
  const capabilities: AgentCapabilities = {
    control: "remote",
    permissionModes: permissionModesOf(profile.flavor),
    models: [],
    setModel: true,
    setPermissionMode: true,
    interrupt: true,
    steer: false,
    images: true,
    todos: true,
    questions: true,
    plans: true,
    fork: false,
    resume: true,
    answerWhileLocal: false,
    usage: "tokens",
    ...profile.capabilities,
  };
  return {
    flavor: profile.flavor,
    displayName: profile.displayName,
    capabilities,
    detect: (env) => Promise.resolve(detect(profile, env)),
    open: (context) => new AcpConversation(context, profile, capabilities.permissionModes),
  };
}

function detect(profile: AcpProfile, env: Readonly<Record<string, string>>): Detection {
  const command = profile.command(env);
  const [program] = command;
  if (program === undefined || program === "") {
    return {
      available: false,
      command,
      reason: "invalid_configuration",
      hint: `The command of ${profile.displayName} is empty. Correct it in settings.json.`,
    };
  }
  if (findProgram(program, env["PATH"] ?? "")) return { available: true, command };
  const hint = profile.installHint ?? `Install ${profile.displayName}, or correct its command in settings.json.`;
  return { available: false, command, reason: "not_found", hint: `"${program}" was not found. ${hint}` };
}

function findProgram(program: string, path: string): boolean {
  if (program.includes("/")) return isExecutable(program);
  return path.split(delimiter).some((folder) => folder !== "" && isExecutable(join(folder, program)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    // Not there, or not for us: both mean that it can't be started.
    return false;
  }
}
