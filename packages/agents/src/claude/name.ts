/** What people call it. */
export const AGENT_NAME = "Claude Code";
