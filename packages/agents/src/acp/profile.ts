/** What differs between two agents that speak ACP: data, and nothing else. `createAcpDriver(profile)` makes a driver of it. */
import type { AgentCapabilities } from "@hapi/protocol";
import type { EnvironmentVariable } from "../environment.ts";

export interface AcpProfile {
  /** Wire name. */
  readonly flavor: string;
  readonly displayName: string;
  /** Program and arguments that start the agent speaking ACP on stdio. A program without a slash is looked up in PATH. */
  command(env: Readonly<Record<string, string>>): readonly string[];
  /** Variables set on top of the session's environment. */
  env?(env: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
  /** Variables that choose its account, provider and settings, beside those of every agent. */
  readonly variables?: readonly EnvironmentVariable[];
  /** What people read when the program is missing. */
  readonly installHint?: string;
  /** Corrections of what every ACP agent is taken to be able to do. */
  readonly capabilities?: Partial<AgentCapabilities>;
  /** HAPI's permission modes → the agent's own mode ids. What is not named here has the same name. */
  readonly modes?: Readonly<Record<string, string>>;
  /**
   * How a failed prompt is sent again. `resend`: the same prompt once more; for an agent whose history keeps a failed prompt it then stands
   * there twice, which ACP gives no way to avoid. `flag`: the agent understands `_meta["hapi.retry"]` and `_meta["hapi.promptId"]`, and runs
   * the failed prompt of its own record again.
   */
  readonly retry?: "resend" | "flag";
  /** Is a prompt that was handed to a process that is gone in the agent's own record? Without this nobody can tell. */
  findPrompt?(env: Readonly<Record<string, string>>, threadId: string, promptId: string): "present" | "absent";
  /**
   * Where the reason of a denial goes; ACP's answer has no field for it. `next-prompt`: in front of the next prompt. `meta`: the agent reads
   * `_meta["hapi.reason"]` of the answer.
   */
  readonly denyReason?: "next-prompt" | "meta";
}

/** Keys of `_meta` that HAPI sends. */
export const META = { promptId: "hapi.promptId", retry: "hapi.retry", reason: "hapi.reason" } as const;
