/**
 * Where terminal and remote control are live on one thread (`control: "shared"`): nothing is handed over. The agent's front is always remote, and its
 * own screen opens and closes beside it.
 */
import type { DriverLog, Front } from "@hapi/agents";
import { toAppError } from "@hapi/protocol";
import type { AgentStarts } from "./agent-starts.ts";
import type { AgentSupervisor } from "./agent-supervisor.ts";
import type { Control } from "./handoff-steps.ts";
import type { RemoteScreen } from "./remote-screen.ts";

export interface SharedFront {
  begin(front: Front, startAgent: boolean): Promise<void>;
  /** Once what is told of its screen is heard: what it became of meanwhile. */
  begun(front: Front): Promise<void>;
  want(to: Front): Promise<"done">;
  /** The agent's own screen is gone, and the agent is not. */
  gone(): void;
}

export interface SharedFrontDeps {
  control: Control;
  screen: Pick<RemoteScreen, "show">;
  starts: AgentStarts;
  supervisor: AgentSupervisor;
  /** The agent's own screen is open, or not; durable. */
  terminalIs(open: boolean): Promise<void>;
  /** The session was taken up, and has not ended. */
  isOpen(): boolean;
  log: DriverLog;
}

export function createSharedFront({ control, screen, starts, supervisor, terminalIs, isOpen, log }: SharedFrontDeps): SharedFront {
  const isShown = (): boolean => supervisor.conversation.terminal?.isOpen ?? false;

  /** The screen is the agent's from the moment its program is spawned; where that fails, or ended meanwhile, it stays, or becomes, ours. */
  async function openTerminal(): Promise<boolean> {
    const opened = await starts.openTerminal();
    if (!isShown()) await screen.show();
    await terminalIs(isShown());
    return opened;
  }

  async function showOurs(): Promise<void> {
    await Promise.all([screen.show(), terminalIs(false)]);
  }

  return {
    async begin(front, startAgent) {
      control.front = "remote";
      if (front === "remote") await screen.show();
      if (!startAgent) return;
      if (front === "remote") await starts.start("remote");
      else if (!(await openTerminal())) throw toAppError(starts.lastFailure);
    },
    async begun(front) {
      if (front === "local" && !isShown()) await showOurs();
    },
    async want(to) {
      if (to === "local" && isOpen()) await openTerminal();
      return "done";
    },
    gone() {
      if (!isOpen()) return;
      showOurs().catch((cause: unknown) => log.warn("handoff.failed", { cause }));
    },
  };
}
