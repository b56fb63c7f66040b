/** Realistic and hostile content for the fixture hub: every status, long and right-to-left titles, many sessions, all kinds of requests. */
import type { AgentStateRequest, Machine, Message, Session } from "@hapi/protocol";
import { STATUS_CASES } from "@hapi/testkit";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Sessions of `everyday` that flows open: one for each thing a session can be doing. */
export const WORKING = "5b0f6c1e-0003-4000-8000-000000000003";
export const IDLE = "5b0f6c1e-0004-4000-8000-000000000004";
/** Its machine is offline. */
export const AWAY = "5b0f6c1e-0006-4000-8000-000000000006";
export const FAILED = "5b0f6c1e-0007-4000-8000-000000000007";
export const ENDED = "5b0f6c1e-0008-4000-8000-000000000008";

/** `states`: one session for each thing a session can be doing, by the product's own list. */
export type Scenario = "everyday" | "empty" | "many" | "hostile" | "states";

interface SessionFacts {
  id: string;
  title?: string;
  path: string;
  flavor?: string;
  machineId?: string;
  active?: boolean;
  thinking?: boolean;
  lifecycle?: string;
  minutesAgo?: number;
  requests?: Record<string, AgentStateRequest>;
  todos?: [done: number, total: number];
  pinned?: boolean;
  branch?: string;
  failureCode?: string;
  controlledByUser?: boolean;
  archiveReason?: string;
  permissionMode?: string;
  /** Nobody has looked since it changed. */
  unseen?: boolean;
}

function metadataOf(facts: SessionFacts, active: boolean, at: number): Session["metadata"] {
  return {
    path: facts.path,
    host: facts.machineId === "m-studio" ? "studio" : "laptop",
    machineId: facts.machineId ?? "m-laptop",
    flavor: facts.flavor ?? "claude",
    homeDir: "/home/ada",
    lifecycleState: facts.lifecycle ?? (active ? "running" : "completed"),
    lifecycleStateSince: at,
    ...(facts.title === undefined ? {} : { summary: { text: facts.title, updatedAt: at } }),
    ...(facts.branch === undefined
      ? {}
      : { worktree: { basePath: facts.path, branch: facts.branch, name: facts.branch, worktreePath: facts.path } }),
    ...(facts.failureCode === undefined ? {} : { failureCode: facts.failureCode }),
    ...(facts.archiveReason === undefined ? {} : { archivedBy: "web", archiveReason: facts.archiveReason }),
  };
}

export function makeSession(facts: SessionFacts, now: number): Session {
  const at = now - (facts.minutesAgo ?? 1) * MINUTE;
  const active = facts.active ?? true;
  const [done, total] = facts.todos ?? [0, 0];
  return {
    id: facts.id,
    namespace: "default",
    seq: 1,
    createdAt: at - HOUR,
    updatedAt: at,
    pinned: false,
    globalPinned: facts.pinned ?? false,
    active,
    activeAt: active ? now : at,
    metadata: metadataOf(facts, active, at),
    metadataVersion: 3,
    agentState: { controlledByUser: facts.controlledByUser ?? false, requests: facts.requests ?? {}, completedRequests: {} },
    agentStateVersion: 2,
    thinking: facts.thinking ?? false,
    thinkingAt: at,
    activeTurnStartedAt: facts.thinking ? at : null,
    backgroundTaskCount: 0,
    todos: Array.from({ length: total }, (_, index) => ({
      id: `t${index}`,
      content: `Step ${index + 1}`,
      status: index < done ? "completed" : index === done ? "in_progress" : "pending",
      priority: "medium",
    })),
    todosUpdatedAt: total > 0 ? at : null,
    model: facts.flavor === "demo" ? null : "opus",
    effort: null,
    permissionMode: facts.permissionMode ?? "default",
    hasConversationContent: true,
    ...(facts.unseen ? {} : { seenAt: now }),
  };
}

const bash = (command: string, at: number, extra: Partial<AgentStateRequest> = {}): AgentStateRequest => ({
  tool: "Bash",
  arguments: { command, description: "Run the tests of the cart" },
  createdAt: at,
  kind: "permission",
  title: "Run a command",
  sessionScope: "npm test in ~/shop, any arguments",
  ...extra,
});

function everyday(now: number): Session[] {
  return [
    makeSession(
      {
        id: "5b0f6c1e-0001-4000-8000-000000000001",
        title: "Fix rounding in the cart total",
        path: "/home/ada/shop",
        minutesAgo: 2,
        todos: [2, 5],
        requests: { "req-1": bash("npm test -- --run cart", now - 2 * MINUTE) },
      },
      now,
    ),
    makeSession(
      {
        id: "5b0f6c1e-0002-4000-8000-000000000002",
        title: "Which database for the audit log?",
        path: "/home/ada/ledger",
        minutesAgo: 14,
        requests: {
          "req-2": {
            tool: "AskUserQuestion",
            kind: "question",
            createdAt: now - 14 * MINUTE,
            arguments: {
              questions: [
                {
                  question: "Where should the audit log live?",
                  header: "Storage",
                  multiSelect: false,
                  options: [
                    { label: "Same SQLite file", description: "One file to back up; writes share one lock" },
                    { label: "A file of its own", description: "Independent growth, no shared lock" },
                  ],
                },
              ],
            },
          },
        },
      },
      now,
    ),
    makeSession(
      {
        id: WORKING,
        title: "Move the importer to streams",
        path: "/home/ada/shop",
        branch: "streams",
        thinking: true,
        minutesAgo: 0,
        todos: [3, 7],
      },
      now,
    ),
    makeSession(
      {
        id: IDLE,
        title: "Write the release notes for 2.4",
        path: "/home/ada/shop",
        flavor: "codex",
        minutesAgo: 22,
      },
      now,
    ),
    makeSession(
      {
        id: "5b0f6c1e-0005-4000-8000-000000000005",
        title: "Explain the flaky login test",
        path: "/home/ada/ledger",
        flavor: "demo",
        minutesAgo: 95,
        pinned: true,
      },
      now,
    ),
    makeSession(
      {
        id: AWAY,
        title: "Upgrade to the new compiler",
        path: "/srv/render",
        machineId: "m-studio",
        active: false,
        lifecycle: "running",
        minutesAgo: 200,
      },
      now,
    ),
    makeSession(
      {
        id: FAILED,
        title: "Port the video pipeline",
        path: "/srv/render",
        machineId: "m-studio",
        active: false,
        lifecycle: "failed",
        failureCode: "agent_exited",
        unseen: true,
        minutesAgo: 40,
      },
      now,
    ),
    makeSession({ id: ENDED, title: "Tidy the README", path: "/home/ada/shop", active: false, minutesAgo: 60 * 26 }, now),
    makeSession(
      {
        id: "5b0f6c1e-0009-4000-8000-000000000009",
        title: "Try a different colour scheme",
        path: "/home/ada/site",
        active: false,
        lifecycle: "archived",
        archiveReason: "went another way",
        minutesAgo: 60 * 24 * 9,
      },
      now,
    ),
  ];
}

function hostile(now: number): Session[] {
  const long = "Make the importer survive files whose lines are longer than memory, ".repeat(5).slice(0, 300);
  return [
    makeSession(
      {
        id: "h-1",
        title: long,
        path: `/home/ada/${"deep/".repeat(40)}end`,
        minutesAgo: 1,
        requests: Object.fromEntries(
          ["Bash", "mcp__very_long_server_name__very_long_tool_name", "Edit", "WebFetch", "Write", "Read"].map((tool, index) => [
            `r${index}`,
            { tool, arguments: { command: long, file_path: "/x" }, createdAt: now - index * MINUTE },
          ]),
        ),
      },
      now,
    ),
    makeSession({ id: "h-2", title: "إصلاح حساب المجموع في سلة التسوق وإضافة الاختبارات", path: "/home/ada/متجر", thinking: true }, now),
    makeSession({ id: "h-3", path: "/", minutesAgo: 3 }, now),
    makeSession({ id: "h-4", title: "😀 <b>not bold</b> &amp; “quotes”", path: "/home/ada/a b", minutesAgo: 0 }, now),
    makeSession({ id: "h-5", title: "Future clock", path: "/home/ada/shop", minutesAgo: -90 }, now),
    makeSession({ id: "h-6", title: "x".repeat(300), path: "/home/ada/shop", minutesAgo: 60 * 24 * 800, active: false }, now),
    { ...makeSession({ id: "h-7", path: "/x", minutesAgo: 7, active: false }, now), metadata: null },
  ];
}

function many(now: number): Session[] {
  return Array.from({ length: 10_000 }, (_, index) =>
    makeSession(
      {
        id: `many-${index}`,
        title: `Task ${index}: ${["fix", "write", "explain", "move"][index % 4]} part ${index % 97}`,
        path: `/home/ada/project-${index % 60}`,
        active: index % 50 === 0,
        thinking: index % 100 === 0,
        minutesAgo: index * 3,
      },
      now,
    ),
  );
}

export function sessionsOf(scenario: Scenario, now: number): Session[] {
  switch (scenario) {
    case "everyday":
      return everyday(now);
    case "empty":
      return [];
    case "many":
      return many(now);
    case "hostile":
      return hostile(now);
    case "states":
      return STATUS_CASES.map((one) => one.session(now));
  }
}

export function machinesOf(scenario: Scenario, now: number): Machine[] {
  if (scenario === "empty") return [];
  const machine = (id: string, host: string, active: boolean, minutesAgo: number): Machine => ({
    id,
    namespace: "default",
    seq: 1,
    createdAt: now - 30 * DAY,
    updatedAt: now,
    active,
    activeAt: now - minutesAgo * MINUTE,
    metadata: {
      host,
      platform: "linux",
      happyCliVersion: "0.1.0",
      homeDir: "/home/ada",
      workspaceRoots: ["/home/ada"],
      capabilities: ["agent-availability", "stop-runner"],
    },
    metadataVersion: 1,
    runnerState: { status: active ? "running" : "offline", pid: 4242, startedAt: now - DAY },
    runnerStateVersion: 1,
  });
  return [machine("m-laptop", "laptop", true, 0), machine("m-studio", "studio", false, 200)];
}

const row = (index: number, at: number, content: unknown): Message => ({
  id: `msg-${index}`,
  seq: index,
  localId: null,
  content,
  createdAt: at,
  invokedAt: at,
});

/** A short conversation in the stored envelope, for any session of the fixture. */
export function messagesOf(session: Session): Message[] {
  const start = session.updatedAt - 5 * MINUTE;
  const agent = (data: unknown): unknown => ({ role: "agent", content: { type: "codex", data } });
  return [
    row(1, start, {
      role: "user",
      content: { type: "text", text: "The cart total is off by a cent for three items at 0.10. Find out why and fix it." },
      meta: { sentFrom: "webapp", deliveryMode: "queue" },
    }),
    row(2, start + 2_000, agent({ type: "reasoning", message: "Sums of floats. Look at how totals are added.", id: "th-1" })),
    row(
      3,
      start + 4_000,
      agent({
        type: "tool-call",
        callId: "c-1",
        name: "Read",
        input: { file_path: "/home/ada/shop/src/cart.ts" },
        nativeKind: "read",
        nativeTitle: "Read src/cart.ts",
      }),
    ),
    row(
      4,
      start + 5_000,
      agent({
        type: "tool-call-result",
        id: "c-1-r",
        callId: "c-1",
        output: "export const total = (items: number[]) => items.reduce((a, b) => a + b, 0);",
        is_error: false,
        status: "completed",
      }),
    ),
    row(
      5,
      start + 9_000,
      agent({
        type: "message",
        id: "a-1",
        message: "The prices are added as floats, so `0.1 + 0.1 + 0.1` is **0.30000000000000004**. I'll count in cents instead.",
      }),
    ),
  ];
}
