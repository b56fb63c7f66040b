/** Makes a driver of a profile: any agent that speaks ACP is a few lines of data away. */
import { permissionModesOf, type AgentCapabilities } from "@hapi/protocol";
import type { AgentDriver, Detection } from "../driver.ts";
import { commonVariables } from "../environment.ts";
import { AcpConversation } from "./conversation.ts";
import type { AcpProfile } from "./profile.ts";
import { findProgram, withProgram } from "./program.ts";

export function createAcpDriver(profile: AcpProfile): AgentDriver {
  const capabilities: AgentCapabilities = {
    control: "remote",
    permissionModes: permissionModesOf(profile.flavor),
    models: [],
    setModel: true,
    setPermissionMode: true,
    steer: false,
    fork: false,
    ...profile.capabilities,
  };
  return {
    flavor: profile.flavor,
    displayName: profile.displayName,
    capabilities,
    environment: [...(profile.variables ?? []), ...commonVariables],
    detect: (env, known) => Promise.resolve(detect(profile, env, known)),
    open: (context) => new AcpConversation(context, profile, capabilities.permissionModes),
  };
}

function detect(profile: AcpProfile, env: Readonly<Record<string, string>>, known?: string): Detection {
  const command = withProgram(profile.command(env), known);
  const [program] = command;
  if (program === undefined || program === "") {
    return {
      available: false,
      command,
      reason: "invalid_configuration",
      hint: `The command of ${profile.displayName} is empty. Correct it in settings.json.`,
    };
  }
  const found = findProgram(program, env["PATH"] ?? "");
  // A path was chosen in the settings, and is followed when it is changed there.
  if (found) return { available: true, command, ...(profile.command(env)[0]?.includes("/") ? {} : { program: found }) };
  const hint = profile.installHint ?? `Install ${profile.displayName}, or correct its command in settings.json.`;
  return { available: false, command, reason: "not_found", hint: `"${program}" was not found. ${hint}` };
}
