/**
 * A driver whose agent takes prompts while a turn runs: what ACP can't do, done around its real driver as other agents' drivers do it. That a prompt
 * was steered is durable before the agent gets it; after a crash the agent's record is asked, as for any other.
 */
import type { AgentDriver, DriverEvent } from "@hapi/agents";
import { AppError } from "@hapi/protocol";
import type { Steered } from "./acp-agent.ts";
import { changed } from "./changed.ts";

const STEERED_KEY = "simulated.steered";

export interface SteeringPort {
  /** Into the running turn; false: none takes it. */
  steer(prompt: Steered): Promise<boolean>;
  /** The prompts that this turn took. */
  takenInto(turnId: string): readonly string[];
  find(localId: string): "present" | "absent" | "unknown";
}

export function withSteering(driver: AgentDriver, port: SteeringPort): AgentDriver {
  /** A turn that ends ends what it took as well. */
  const withTaken = (event: DriverEvent): DriverEvent => {
    if (event.type !== "record" || event.event.type !== "turn-ended" || !event.event.localIds) return event;
    const taken = port.takenInto(event.event.id.replace(/:end$/, ""));
    return { ...event, event: { ...event.event, localIds: [...event.event.localIds, ...taken] } };
  };
  return changed(driver, {
    capabilities: { ...driver.capabilities, steer: true },
    open(context) {
      const { memory } = context;
      const steered = (): string[] => memory.get<string[]>(STEERED_KEY) ?? [];
      const forget = (localId: string): Promise<void> => memory.commit({ [STEERED_KEY]: steered().filter((one) => one !== localId) });
      const conversation = driver.open(changed(context, { emit: (event) => context.emit(withTaken(event)) }));
      return changed(conversation, {
        async prompt(prompt) {
          const { localId, text } = prompt;
          // Steered once, and the agent did not have it: now it is a prompt like any other.
          if (steered().includes(localId)) await forget(localId);
          if (!conversation.busy) return conversation.prompt(prompt);
          await memory.commit({ [STEERED_KEY]: [...steered(), localId] });
          if (await port.steer({ promptId: localId, text })) return;
          await forget(localId);
          throw new AppError("not_ready", "No turn took it");
        },
        lookup: (localId) => (steered().includes(localId) ? Promise.resolve(port.find(localId)) : conversation.lookup(localId)),
      });
    },
  });
}
