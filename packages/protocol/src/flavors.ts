/** Wire names of agents and the permission modes that go with each (docs/protocol.md lists them). The one table outside agents/ that names them. */

export const FLAVORS = [
  "agy",
  "claude",
  "codex",
  "copilot",
  "cursor",
  "demo",
  "dsh",
  "gemini",
  "grok",
  "kimi",
  "opencode",
  "pi",
  "qwen",
] as const;
export type Flavor = (typeof FLAVORS)[number];

export const PERMISSION_MODES = [
  "default",
  "acceptEdits",
  "auto",
  "bypassPermissions",
  "plan",
  "ask",
  "debug",
  "autoReview",
  "read-only",
  "safe-yolo",
  "yolo",
  "request-review",
  "always-proceed",
  "dontAsk",
] as const;
export type PermissionMode = (typeof PERMISSION_MODES)[number];

const acpModes = ["default", "read-only", "safe-yolo", "yolo"] as const;

const modesByFlavor: Record<string, readonly PermissionMode[]> = {
  claude: ["default", "acceptEdits", "bypassPermissions", "plan", "auto", "dontAsk"],
  codex: [...acpModes, "plan"],
  gemini: acpModes,
  copilot: acpModes,
  qwen: ["default", "plan", "read-only", "safe-yolo", "yolo"],
  kimi: acpModes,
  cursor: ["default", "plan", "ask", "debug", "autoReview", "yolo"],
  opencode: ["default", "plan", "yolo"],
  grok: ["default", "auto", "plan", "bypassPermissions"],
  agy: ["request-review", "always-proceed"],
  demo: acpModes,
  pi: [],
  dsh: [],
};

/** Other names that an agent's own command line has for a mode of the table above (Claude Code 2.1.329). */
const modeAliases: Record<string, Readonly<Record<string, PermissionMode>>> = { claude: { manual: "default" } };

/** The agent's permission modes, first one is where a session starts. Agents we have never heard of get the ACP set. */
export function permissionModesOf(flavor: string | null | undefined): readonly PermissionMode[] {
  return modesByFlavor[flavor ?? "claude"] ?? acpModes;
}

/** The mode as this flavor calls it, or null when it has none such. `yolo` is every agent's word for "approve everything". */
export function normalizePermissionMode(flavor: string | null | undefined, mode: string): PermissionMode | null {
  const modes = permissionModesOf(flavor);
  const known = modes.find((candidate) => candidate === mode);
  if (known) return known;
  const aliases = modeAliases[flavor ?? "claude"] ?? {};
  if (Object.hasOwn(aliases, mode)) return aliases[mode] ?? null;
  if (mode === "yolo" && modes.includes("bypassPermissions")) return "bypassPermissions";
  return null;
}

/** Agents whose model can be set through HAPI by an alias (`Session.modelMode`). */
export const MODEL_MODES = ["default", "sonnet", "opus"] as const;

/** Existing clients mean this agent when they name none. */
export const DEFAULT_FLAVOR: Flavor = "claude";

/** Thread keys that die with the process: not carried over when a session's metadata is replaced. */
export const TRANSIENT_THREAD_KEYS: readonly string[] = ["agySessionId"];

/** The metadata key in which each agent's own conversation id travels. */
export function threadKeyOf(flavor: string | null | undefined): string {
  return `${flavor ?? "claude"}SessionId`;
}
