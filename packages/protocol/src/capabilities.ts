/**
 * What a session can do, as its metadata say it (`capabilities`): the hub, the web app and the CLI decide on this document, never on the agent's
 * name. Every flag there is has its row here. It is read by `capability` only (a driver's own, by name), and a test names a flag that nobody reads.
 */

/** A model on offer. `efforts`: how hard it may be asked to think, in the agent's own words, the least first; absent: not known, or no choice. */
export interface ModelChoice {
  id: string;
  name: string;
  efforts?: readonly string[];
}

/** What an agent can do; its driver says it. */
export interface AgentCapabilities {
  /** `switch`: terminal or remote, one at a time; `shared`: both at once; `remote`: no terminal front end. */
  control: "switch" | "shared" | "remote";
  permissionModes: readonly string[];
  /** Aliases or ids offered before the agent was asked for its own list. */
  models: readonly ModelChoice[];
  setModel: boolean;
  setEffort: boolean;
  setPermissionMode: boolean;
  steer: boolean;
  fork: boolean;
}

export interface SessionCapabilities extends AgentCapabilities {
  autoRetry: boolean;
  given: boolean;
  concurrentClients: boolean;
  conversationHistory: { forkCurrent: boolean };
}

export type Capability = keyof SessionCapabilities;

interface CapabilityRow {
  /** What it says. Absent means that nobody said so, not that it can't be. */
  says: string;
  by: "the driver" | "the session" | "other CLIs";
  /** Readers that are not in this repository: why a flag that nobody here reads stays on the wire. */
  alsoReadBy?: "other web apps";
}

export const CAPABILITIES: Readonly<Record<Capability, CapabilityRow>> = {
  control: { says: '"switch" (terminal or remote, one at a time), "shared" (both at once) or "remote" (no terminal)', by: "the driver" },
  permissionModes: { says: "the modes on offer; a session starts in the first", by: "the driver" },
  models: { says: "a list of `{id, name, efforts?}`, on offer before the agent was asked for its own", by: "the driver" },
  setModel: { says: "the model can be changed while it runs", by: "the driver" },
  setEffort: { says: "how hard its model thinks can be changed while it runs", by: "the driver" },
  setPermissionMode: { says: "the permission mode can be changed while it runs", by: "the driver" },
  steer: { says: "a prompt can be put into the turn that runs", by: "the driver" },
  fork: { says: "its conversation can be branched off", by: "the driver" },
  autoRetry: { says: "it can send a turn that failed again by itself", by: "the session" },
  given: { says: "it says when the agent was given a prompt, so that what waits for the agent can be told apart", by: "the session" },
  concurrentClients: { says: "terminal and web drive the same conversation at the same time", by: "other CLIs" },
  conversationHistory: { says: "`{forkCurrent}`: `fork` under another name", by: "the session", alsoReadBy: "other web apps" },
};

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
const isBoolean = (value: unknown): boolean => typeof value === "boolean";
const isText = (value: unknown): boolean => typeof value === "string";
const isModel = (value: unknown): boolean => isObject(value) && isText(value["id"]) && isText(value["name"]);

const CHECKS: Readonly<Record<Capability, (value: unknown) => boolean>> = {
  // A later version may know another word: compare, and don't count on these three.
  control: isText,
  permissionModes: (value) => Array.isArray(value) && value.every(isText),
  models: (value) => Array.isArray(value) && value.every(isModel),
  setModel: isBoolean,
  setEffort: isBoolean,
  setPermissionMode: isBoolean,
  steer: isBoolean,
  fork: isBoolean,
  autoRetry: isBoolean,
  given: isBoolean,
  concurrentClients: isBoolean,
  conversationHistory: (value) => isObject(value) && isBoolean(value["forkCurrent"]),
};

/** Undefined: not said, or not in a shape that is known here. */
export function capability<K extends Capability>(
  metadata: { capabilities?: unknown } | null | undefined,
  name: K,
): SessionCapabilities[K] | undefined {
  const value = (metadata?.capabilities as Record<string, unknown> | null | undefined)?.[name];
  return CHECKS[name](value) ? (value as SessionCapabilities[K]) : undefined;
}
