/** A world with an agent that speaks ACP: the real driver, and prompts that go into running turns as other agents' drivers do it. */
import { type AcpProfile, createAcpDriver } from "@hapi/agents";
import { acpProgram, newRecord, steerAcp } from "./acp-agent.ts";
import type { Character, SimAgent } from "./sim-agent.ts";
import { withSteering } from "./steering.ts";
import type { VirtualTime } from "./time.ts";

export interface AcpPlants {
  /** What a driver says of a prompt when its agent's record can't be asked. */
  guess?: "absent";
  agentSwallowsPrompts?: boolean;
}

export interface AcpWorld {
  time: VirtualTime;
  character: Character;
  /** Can the agent's record be asked for a prompt? */
  tells: boolean;
  plants: AcpPlants;
  isCalm(): boolean;
}

export function createAcpAgent({ time, character, tells, plants, isCalm }: AcpWorld): SimAgent {
  const record = newRecord();
  const find = (promptId: string) => (record.prompts.some((one) => one.promptId === promptId) ? ("present" as const) : ("absent" as const));
  const { guess } = plants;
  const profile: AcpProfile = {
    flavor: "simulated",
    displayName: "Simulated agent",
    command: () => [process.execPath],
    retry: "flag",
    denyReason: "meta",
    ...(tells ? { findPrompt: (_env, _thread, promptId) => find(promptId) } : guess ? { findPrompt: () => guess } : {}),
  };
  return {
    flavor: profile.flavor,
    env: {},
    program: (chance) => acpProgram({ time, chance, record, ...character, swallowsPrompts: plants.agentSwallowsPrompts ?? false, isCalm }),
    driver: ({ host, life, chance }) =>
      withSteering(createAcpDriver(profile), {
        steer: (prompt) => (host ? steerAcp(host, prompt, { life, time, chance }) : Promise.resolve(false)),
        takenInto: (turnId) => record.into.get(turnId) ?? [],
        find: (localId) => (tells ? find(localId) : (guess ?? "unknown")),
      }),
    get truth() {
      return {
        ran: record.prompts.map((prompt) => prompt.text),
        said: record.said.map((said) => said.text),
        answers: record.answers,
        tells: tells ? ("always" as const) : ("never" as const),
      };
    },
    saidInRing: (host) => record.said.filter((said) => said.host === host).map((said) => said.text),
    check: () => [],
    get steered() {
      return [...record.into.values()].flat().length;
    },
  };
}
