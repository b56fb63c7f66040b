/** Makes a driver of a profile: any agent that speaks ACP is a few lines of data away. */
import { permissionModesOf, type AgentCapabilities } from "@hapi/protocol";
import type { AgentDriver, Detection } from "../driver.ts";
import { commonVariables } from "../environment.ts";
import { AcpConversation } from "./conversation.ts";
import type { AcpProfile } from "./profile.ts";
import { askVersion, findProgram, withProgram } from "../shared/program.ts";

export function createAcpDriver(profile: AcpProfile): AgentDriver {
  const capabilities: AgentCapabilities = {
    control: "remote",
    permissionModes: permissionModesOf(profile.flavor),
    models: [],
    setModel: true,
    setEffort: true,
    setPermissionMode: true,
    steer: false,
    fork: false,
    ...profile.capabilities,
  };
  return {
    flavor: profile.flavor,
    displayName: profile.displayName,
    capabilities,
    ...(profile.verified ? { verified: profile.verified } : {}),
    environment: [...(profile.variables ?? []), ...commonVariables],
    detect: (env, known) => Promise.resolve(detect(profile, env, known)),
    askVersion: (env) => versionOf(profile, env),
    open: (context) => new AcpConversation(context, profile, capabilities.permissionModes),
  };
}

/** A JavaScript program on a busy machine takes seconds to say even this. */
const VERSION_MS = 30_000;

async function versionOf(profile: AcpProfile, env: Readonly<Record<string, string>>): Promise<string | null> {
  const found = findProgram(profile.command(env)[0] ?? "", env["PATH"] ?? "");
  if (found === undefined) return null;
  const argv = [found, ...(profile.versionWords ?? ["--version"])];
  const said = await askVersion(argv, { env: { ...env, ...profile.env?.(env) }, timeoutMs: VERSION_MS, pattern: /\d+\.\d+[.\w-]*/ });
  return said?.replace(/\.$/, "") ?? null;
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
