export const AGENT_NAME = "OpenCode";
export const FLAVOR = "opencode";
