/**
 * What was described to us of a session's life (sources 000 and 001), one row per REST call, field, event, state and behaviour, each with the
 * test that proves it. Field rows are run as tests straight from this table; the other rows name a test, and documents.test.ts checks that it
 * exists. docs/described.md is made from it.
 */

export interface Row {
  source: "000" | "001";
  kind: "rest" | "field" | "event" | "state" | "mode" | "behaviour";
  item: string;
  /** File and the name of a test in it, or part of the name. */
  proof: readonly [file: string, test: string];
}

const contract = "packages/hub/test/contract";
const fieldProof = (item: string): Row["proof"] => [`${contract}/described.test.ts`, item];

/** Example values: the field rows of `described.test.ts` send them and read them back. */
export const metadataExamples: Record<string, unknown> = {
  path: "/home/user/my-project",
  host: "macbook-pro.local",
  version: "0.2.0",
  name: "My Project Session",
  os: "darwin",
  summary: { text: "Refactoring authentication module", updatedAt: 1709735200000 },
  machineId: "mac_abc123",
  claudeSessionId: "claude_xyz789",
  codexSessionId: "codex_def456",
  geminiSessionId: "gemini_ghi789",
  opencodeSessionId: "oc_1",
  cursorSessionId: "cur_1",
  tools: ["edit_file", "run_command", "read_file"],
  slashCommands: ["/plan", "/help", "/search"],
  homeDir: "/home/user",
  happyHomeDir: "/home/user/.hapi",
  happyLibDir: "/opt/hapi",
  happyToolsDir: "/opt/hapi/tools",
  startedFromRunner: true,
  hostPid: 12345,
  startedBy: "runner",
  lifecycleState: "running",
  lifecycleStateSince: 1709735200000,
  archivedBy: "web",
  archiveReason: "done with it",
  flavor: "codex",
  worktree: { basePath: "/home/user/repo", branch: "feature", name: "feature", worktreePath: "/home/user/repo-worktrees/feature", createdAt: 1709735200000 },
};

export const requestExamples: Record<string, unknown> = { tool: "edit_file", arguments: { path: "src/auth.ts", content: "..." }, createdAt: 1709735200000 };

export const completedExamples: Record<string, unknown> = {
  tool: "run_command",
  arguments: { command: "npm test" },
  createdAt: 1709735210000,
  completedAt: 1709735215000,
  status: "denied",
  reason: "Too risky, run locally first",
  mode: "default",
  decision: "denied",
  allowTools: ["Bash(npm test)"],
  answers: { "0": ["yes"] },
};

/** Session fields with what they must be for a session that is running. */
export const sessionFields: Record<string, (value: unknown) => boolean> = {
  id: (value) => typeof value === "string",
  namespace: (value) => value === "default",
  seq: (value) => typeof value === "number",
  createdAt: (value) => typeof value === "number",
  updatedAt: (value) => typeof value === "number",
  activeAt: (value) => typeof value === "number",
  thinkingAt: (value) => typeof value === "number",
  active: (value) => value === true,
  thinking: (value) => value === true,
  metadata: (value) => typeof value === "object" && value !== null,
  metadataVersion: (value) => Number(value) >= 1,
  agentState: (value) => typeof value === "object" && value !== null,
  agentStateVersion: (value) => Number(value) >= 2,
  todos: (value) => Array.isArray(value) && value.length === 3,
  permissionMode: (value) => value === "acceptEdits",
  modelMode: (value) => value === "opus",
};

export const todoExamples = [
  { id: "todo_1", content: "Refactor authentication module", status: "in_progress", priority: "high" },
  { id: "todo_2", content: "Add error handling", status: "pending", priority: "medium" },
  { id: "todo_3", content: "Write unit tests", status: "completed", priority: "low" },
];

const fields: Row[] = [
  ...Object.keys(sessionFields).map((name) => `Session.${name}`),
  ...Object.keys(metadataExamples).map((name) => `Metadata.${name}`),
  ...["controlledByUser", "requests", "completedRequests"].map((name) => `AgentState.${name}`),
  ...Object.keys(requestExamples).map((name) => `AgentStateRequest.${name}`),
  ...Object.keys(completedExamples).map((name) => `AgentStateCompletedRequest.${name}`),
  ...["id", "content", "status", "priority"].map((name) => `TodoItem.${name}`),
].map((item) => ({ source: "001", kind: "field", item, proof: fieldProof(item) }));

const row = (source: Row["source"], kind: Row["kind"], item: string, file: string, test: string): Row => ({ source, kind, item, proof: [file, test] });

const calls: Row[] = [
  row("000", "rest", "POST /cli/sessions registers; the hub tells the web", `${contract}/sessions.test.ts`, "get-or-create by tag: the second request changes nothing"),
  row("001", "rest", "POST /api/sessions/:id/abort", `${contract}/sessions.test.ts`, "scope session ends the agent and says aborted"),
  row("001", "rest", "POST /api/sessions/:id/switch", `${contract}/sessions.test.ts`, "switch is for agents with separate modes"),
  row("001", "rest", "POST /api/sessions/:id/resume", `${contract}/sessions.test.ts`, "two resumes are one start, under the same id"),
  row("001", "rest", "resume without a machine is an error", `${contract}/sessions.test.ts`, "resume without a thread but with history, and without a machine"),
  row("001", "rest", "POST /api/sessions/:id/archive", `${contract}/sessions.test.ts`, "archive with a reason"),
  row("001", "rest", "DELETE /api/sessions/:id, inactive only", `${contract}/sessions.test.ts`, "only inactive sessions can be deleted"),
  row("001", "rest", "POST /api/sessions/:id/permission-mode", `${contract}/sessions.test.ts`, "checked against the agent, applied live, kept while inactive"),
  row("001", "rest", "POST /api/sessions/:id/model", `${contract}/described.test.ts`, "Session.modelMode"),
];

const events: Row[] = [
  row("000", "event", "session-added", `${contract}/described.test.ts`, "event session-added"),
  row("000", "event", "session-updated", `${contract}/described.test.ts`, "event session-updated"),
  row("001", "event", "session-removed", `${contract}/described.test.ts`, "event session-removed"),
  row("000", "event", "message-received", `${contract}/described.test.ts`, "event message-received"),
  row("000", "event", "machine-updated", `${contract}/described.test.ts`, "event machine-updated"),
  row("000", "event", "toast", `${contract}/toasts.test.ts`, "event toast"),
  row("000", "event", "/api/events?token=… opens the stream", `${contract}/auth.test.ts`, "takes ?token= on the event stream only"),
  row("000", "event", "session-end makes it inactive and keeps it in history", `${contract}/described.test.ts`, "event session-end"),
];

const states: Row[] = ["initializing", "running", "paused", "completed", "aborted", "archived"].map((state) =>
  row("001", "state", `lifecycleState ${state}`, `${contract}/described.test.ts`, `state ${state}`),
);

const modes: Row[] = ["claude", "codex", "gemini", "cursor", "opencode"].map((flavor) =>
  row("001", "mode", `permission modes of ${flavor}`, `${contract}/described.test.ts`, `modes of ${flavor}`),
);

const behaviours: Row[] = [
  row("001", "behaviour", "versioned updates: stale writes are rejected with the current value", `${contract}/cli.test.ts`, "versioned updates: success, then mismatch with the current value, until it fits"),
  row("001", "behaviour", "same tag and namespace: the same session", `${contract}/sessions.test.ts`, "get-or-create by tag: the second request changes nothing"),
  row("001", "behaviour", "active sessions first", `${contract}/sessions.test.ts`, "active first, then by time"),
  row("001", "behaviour", "metadata is read-only from the web", `${contract}/sessions.test.ts`, "rename, summary and pin are the only metadata a browser may write"),
  row("001", "behaviour", "namespaces are isolated", `${contract}/namespaces.test.ts`, "finds nothing of it in lists"),
  row("001", "behaviour", "namespace comes from the token", `${contract}/auth.test.ts`, "an access token becomes a JWT of four hours with its namespace"),
  row("001", "behaviour", "todos are extracted from TodoWrite", `${contract}/messages.test.ts`, "todos of both families are read once at ingest"),
  row("001", "behaviour", "permission mode survives restarts", `${contract}/sessions.test.ts`, "checked against the agent, applied live, kept while inactive"),
  row("001", "behaviour", "read-only while the terminal has control (setting)", `${contract}/messages.test.ts`, "while the terminal has control and remote is read-only: 409"),
  row("001", "behaviour", "delete leaves no trace", `${contract}/delete.test.ts`, "rows, log, requests, attachments and the write-ahead log"),
];

const handoff = "e2e/agents/handoff.agent.ts";
const takeOver = "a phone message takes over, is answered, space twice brings the terminal back with that turn, and typing works again";

const life: Row[] = [
  row("000", "behaviour", "hapi opens the agent's own screen, equal to the one without HAPI", "e2e/agents/screens.agent.ts", "screens are equal with and without HAPI"),
  row("000", "behaviour", "messages and permissions of a local session in real time", "e2e/agents/local.agent.ts", "a turn typed in the terminal is on the web in order, while it happens"),
  row("000", "behaviour", "a message from the phone: CLI detects, switches, agent processes", handoff, takeOver),
  row("000", "behaviour", "banner: Remote mode - waiting for input / Press space twice to regain control", handoff, takeOver),
  row("000", "behaviour", "space twice returns to the terminal", handoff, takeOver),
  row("000", "behaviour", "the agent completes or is quit: inactive, in history", "e2e/agents/local.agent.ts", "quitting ends the session; hapi again in the same directory continues session and conversation, --new starts another"),
  row("001", "behaviour", "abort of a running turn", "e2e/agents/remote.agent.ts", "thinking and text stream before the turn ends; abort ends it and the next turn works"),
  row("001", "behaviour", "model and permission mode change in the running session", "e2e/agents/remote.agent.ts", "model and permission mode change in the running session"),
  row("001", "behaviour", "resume starts the same session id through the runner", "e2e/peer/peer.test.ts", "resume"),
];

export const rows: readonly Row[] = [...life, ...calls, ...fields, ...events, ...states, ...modes, ...behaviours];

export function describedTable(): string {
  const lines = rows.map(({ source, kind, item, proof: [file, test] }) => `| ${source} | ${kind} | ${item.replaceAll("|", "\\|")} | \`${file}\`: ${test} |`);
  return [
    "# What was described, and the test that proves it",
    "",
    "Generated from `tools/docs/described.ts` by `npm run docs`. 000: creating a session and handing it over; 001: the session's schema, states and calls.",
    "Files that end in `.agent.ts` run the real agent (`npm run test:agents`).",
    "",
    "| source | kind | item | proof |",
    "| --- | --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
}
