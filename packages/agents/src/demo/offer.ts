/** What the demo agent offers a client to choose from. */
export const MODES = [
  { id: "default", name: "Ask", description: "Asks before every change and command" },
  { id: "read-only", name: "Read only", description: "Changes nothing and runs nothing" },
  { id: "safe-yolo", name: "Edit freely", description: "Edits its scratch folder without asking, asks before commands" },
  { id: "yolo", name: "Never ask", description: "Does everything without asking" },
] as const;

export const MODELS = [
  { id: "demo-large", name: "Demo Large", contextTokens: 200_000 },
  { id: "demo-small", name: "Demo Small", contextTokens: 32_000 },
] as const;

/** How hard it "thinks": said back, and nothing else. */
export const EFFORTS = ["low", "medium", "high"] as const;

export const INITIAL = { mode: MODES[0].id, model: MODELS[0].id, effort: EFFORTS[1] } as const;
