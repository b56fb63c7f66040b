/** What is run of an agent's command. */
import { findProgram, withProgram } from "../shared/program.ts";
import type { AcpProfile } from "./profile.ts";

/** The program itself, also where what is on the PATH only starts it. */
export function programToRun(profile: AcpProfile, env: Readonly<Record<string, string>>, known: string | undefined): readonly string[] {
  const command = withProgram(profile.command(env), known);
  const [program, ...words] = command;
  const found = profile.behind && program ? findProgram(program, env["PATH"] ?? "") : undefined;
  return found && profile.behind ? [...profile.behind(found), ...words] : command;
}
