/** Conversations for the gallery and for tests: canonical events turned into rows the way a session does it, so that the whole path is shown. */
import { encodeEvent } from "@hapi/core";
import type { AgentEvent, AgentState, Message, PromptStage, Session } from "@hapi/protocol";

export const NOW = Date.UTC(2026, 10, 20, 14, 30);
const MINUTE = 60_000;

export function fakeSession(change: Partial<Session> = {}, agentState: AgentState = {}): Session {
  return {
    id: "5e5510ff-0000-4000-8000-000000000001",
    namespace: "default",
    seq: 1,
    createdAt: NOW - 60 * MINUTE,
    updatedAt: NOW,
    active: true,
    activeAt: NOW,
    metadata: {
      path: "/home/ada/shop",
      host: "workbench",
      homeDir: "/home/ada",
      flavor: "demo",
      name: "Round prices once, at the end",
      version: "0.1.0",
      lifecycleState: "running",
      capabilities: {
        control: "switch",
        models: [
          { id: "small", name: "Small" },
          { id: "large", name: "Large", efforts: ["low", "medium", "high"] },
        ],
        setModel: true,
        setEffort: true,
        setPermissionMode: true,
      },
    },
    metadataVersion: 1,
    agentState,
    agentStateVersion: 1,
    thinking: false,
    thinkingAt: NOW,
    model: "large",
    permissionMode: "default",
    ...change,
  };
}

export type Line =
  | AgentEvent
  | {
      type: "web-prompt";
      text: string;
      localId: string;
      stage?: PromptStage;
      queued?: boolean;
      detail?: Message["stageDetail"];
      waiting?: Message["waiting"];
    };

export function rowsOf(lines: readonly Line[], startAt = NOW - 20 * MINUTE, stepMs = 4_000, firstSeq = 1): Message[] {
  return lines.map((line, at): Message => {
    const createdAt = startAt + at * stepMs;
    const seq = firstSeq + at;
    if (line.type !== "web-prompt")
      return { id: `row-${seq}`, seq, localId: null, content: encodeEvent(line), createdAt, invokedAt: createdAt };
    return {
      id: `row-${seq}`,
      seq,
      localId: line.localId,
      content: { role: "user", content: { type: "text", text: line.text }, meta: { sentFrom: "webapp", deliveryMode: "queue" } },
      createdAt,
      invokedAt: line.queued ? null : createdAt,
      ...(line.stage ? { stage: line.stage } : {}),
      ...(line.detail ? { stageDetail: line.detail } : {}),
      ...(line.waiting ? { waiting: line.waiting } : {}),
    };
  });
}

const before = `import { rates } from "./rates.ts";

export function total(items: Item[], country: string): number {
  let sum = 0;
  for (const item of items) {
    sum += Math.round(item.price * item.count * 100) / 100;
  }
  return Math.round(sum * (1 + rates[country]) * 100) / 100;
}
`;
const after = `import { rates } from "./rates.ts";

/** Cents are rounded once, at the very end. */
export function total(items: Item[], country: string): number {
  const net = items.reduce((sum, item) => sum + item.price * item.count, 0);
  return Math.round(net * (1 + rateOf(country)) * 100) / 100;
}

function rateOf(country: string): number {
  return rates[country] ?? 0;
}
`;

const testOutput = [
  "\u001b[1mbun test\u001b[0m v1.4.5",
  "",
  "src/total.test.ts:",
  "\u001b[32m✓\u001b[0m adds prices \u001b[2m[0.41ms]\u001b[0m",
  "\u001b[32m✓\u001b[0m rounds once \u001b[2m[0.12ms]\u001b[0m",
  "\u001b[31m✗\u001b[0m unknown countries pay no tax",
  "  \u001b[31merror\u001b[0m: expected 10 but got NaN",
  ...Array.from({ length: 40 }, (_, line) => `      at frame ${line} (src/total.test.ts:${line + 12}:${(line % 7) + 3})`),
  "",
  "\u001b[32m 11 pass\u001b[0m",
  "\u001b[31m 1 fail\u001b[0m",
].join("\n");

export const answer = `The rounding happens **twice**: once per line and again on the sum. That is why \`total()\` is a cent off for long carts.

## What I will do

1. Add up the exact amounts first.
2. Round *once*, after the tax.
3. Treat an unknown country as 0 %, and say so in a test.

\`\`\`ts
export function total(items: Item[], country: string): number {
  const net = items.reduce((sum, item) => sum + item.price * item.count, 0);
  return Math.round(net * (1 + rateOf(country)) * 100) / 100; // cents
}
\`\`\`

| country | rate | was | is |
| --- | ---: | ---: | ---: |
| DE | 19 % | 11.91 | 11.90 |
| FR | 20 % | 12.01 | 12.00 |

> The [rates table](https://example.com/rates) is not touched. See also [this](javascript:alert(1)) and ![a chart](https://example.com/chart.png).

- [x] read the code
- [ ] change it <b>carefully</b>`;

export const story: readonly Line[] = [
  {
    type: "web-prompt",
    text: "The total on the invoice is sometimes a cent off. Find out why and fix it, please.",
    localId: "p1",
    stage: "done",
  },
  { type: "turn-started", id: "t1", localId: "p1" },
  {
    type: "thought",
    id: "th1",
    text: "The user sees a one-cent difference. Most likely **rounding per line**.\n\nLet me look at `total.ts` and its tests first.",
  },
  { type: "tool-call", id: "c1", tool: "Read", kind: "read", title: "src/total.ts", input: { file_path: "/home/ada/shop/src/total.ts" } },
  {
    type: "tool-result",
    id: "r1",
    callId: "c1",
    status: "completed",
    output: before
      .split("\n")
      .map((line, at) => `     ${at + 1}→${line}`)
      .join("\n"),
  },
  {
    type: "tool-call",
    id: "c2",
    tool: "Grep",
    kind: "search",
    title: "Math.round",
    input: { pattern: "Math\\.round", path: "/home/ada/shop/src" },
  },
  { type: "tool-result", id: "r2", callId: "c2", status: "completed", output: "src/total.ts:6\nsrc/total.ts:8\nsrc/invoice.ts:41" },
  { type: "tool-call", id: "c3", tool: "Read", kind: "read", title: "src/rates.ts", input: { file_path: "/home/ada/shop/src/rates.ts" } },
  {
    type: "tool-result",
    id: "r3",
    callId: "c3",
    status: "completed",
    output: "export const rates: Record<string, number> = { DE: 0.19, FR: 0.2 };\n",
  },
  { type: "agent-message", id: "m1", text: answer },
  {
    type: "plan",
    id: "pl1",
    entries: [
      { id: "a", content: "Read the code", status: "completed", priority: "medium" },
      { id: "b", content: "Round once, after the tax", status: "in_progress", priority: "high" },
      { id: "c", content: "Run the tests", status: "pending", priority: "medium" },
    ],
  },
  {
    type: "tool-call",
    id: "c4",
    tool: "Edit",
    kind: "edit",
    title: "src/total.ts",
    input: { file_path: "/home/ada/shop/src/total.ts", old_string: before, new_string: after },
  },
  { type: "tool-result", id: "r4", callId: "c4", status: "completed", output: "The file was updated." },
  {
    type: "tool-call",
    id: "c5",
    tool: "Bash",
    kind: "execute",
    title: "bun test src/total.test.ts",
    input: { command: "bun test src/total.test.ts", description: "Run the tests of total" },
  },
  {
    type: "tool-result",
    id: "r5",
    callId: "c5",
    status: "failed",
    output: testOutput,
    content: [{ type: "terminal", stdout: testOutput, exitCode: 1 }],
  },
  {
    type: "tool-call",
    id: "c6",
    tool: "Task",
    kind: "agent",
    title: "Look for callers",
    input: { description: "Look for callers of total", prompt: "Find every caller of total() and say what country they pass." },
  },
  { type: "tool-call", id: "c61", parent: "c6", tool: "Grep", kind: "search", title: "total(", input: { pattern: "total\\(" } },
  { type: "tool-result", id: "r61", parent: "c6", callId: "c61", status: "completed", output: "src/invoice.ts:12\nsrc/cart.ts:88" },
  { type: "agent-message", id: "m61", parent: "c6", text: "Two callers; `cart.ts` passes an **empty** country." },
  {
    type: "tool-result",
    id: "r6",
    callId: "c6",
    status: "completed",
    output: "Two callers. `src/cart.ts:88` passes an empty string while no address is known.",
  },
  {
    type: "tool-call",
    id: "c7",
    tool: "mcp__shop__lookup_order",
    kind: "other",
    title: "lookup_order",
    input: { order: 4711, expand: ["lines", "taxes"] },
  },
  { type: "tool-result", id: "r7", callId: "c7", status: "completed", output: '{"id":4711,"total":11.9}' },
  {
    type: "tool-call",
    id: "c8",
    tool: "WebFetch",
    kind: "fetch",
    title: "https://example.com/vat",
    input: { url: "https://example.com/vat", prompt: "When is VAT rounded?" },
  },
  { type: "tool-result", id: "r8", callId: "c8", status: "denied", output: "The person said no: use the copy in docs/vat.md" },
  { type: "agent-message", id: "m2", text: "Done. The total is rounded once, and an unknown country pays no tax." },
  {
    type: "turn-ended",
    id: "te1",
    outcome: "completed",
    durationMs: 84_000,
    usage: {
      inputTokens: 11_200,
      outputTokens: 1_140,
      cacheReadTokens: 0,
      cacheCreationTokens: 0,
      costUsd: 0.0432,
      contextTokens: 62_000,
      contextWindow: 200_000,
    },
  },
  { type: "switch", id: "s1", mode: "local" },
  { type: "user-message", id: "u2", text: "now do the same for refunds", origin: "terminal" },
  { type: "model-changed", id: "mc", model: "small" },
  { type: "notice", id: "n1", level: "warning", text: "The agent compacted its memory." },
  { type: "user-message", id: "u-cost", text: "/cost", origin: "terminal" },
  {
    type: "notice",
    id: "n-cost",
    level: "info",
    command: "/cost",
    text: "Estimated cost:        $0.0105\nTotal duration (API):  0s\nTotal code changes:    0 lines added, 0 lines removed",
  },
  { type: "user-message", id: "u-context", text: "/context", origin: "remote" },
  {
    type: "notice",
    id: "n-context",
    level: "info",
    command: "/context",
    format: "markdown",
    text: "## Context Usage\n\n**Tokens:** 10.8k / 1m (1%)\n\n| Category | Tokens | Percentage |\n|---|---|---|\n| System prompt | 2k | 0.2% |\n| System tools | 6.8k | 0.7% |",
  },
  { type: "notice", id: "n-compact", level: "warning", command: "/compact", text: "Error: No messages to compact" },
  { type: "unknown", id: "raw1", raw: { type: "brand-new", content: "what this version has no word for" } },
  { type: "agent-message", id: "m3", text: "شكراً، سأقوم بتعديل دالة الاسترداد الآن. `refund.ts` يحتاج التقريب نفسه." },
  {
    type: "usage",
    id: "us1",
    usage: {
      inputTokens: 3,
      outputTokens: 400,
      cacheReadTokens: 60_000,
      cacheCreationTokens: 1_000,
      contextTokens: 156_000,
      contextWindow: 200_000,
    },
  },
];

export const failure: readonly Line[] = [
  {
    type: "web-prompt",
    text: "Write the refund tests too.",
    localId: "p3",
    stage: "failed",
    detail: { code: "overloaded", message: "overloaded_error" },
  },
  { type: "turn-started", id: "t3", localId: "p3" },
  {
    type: "retrying",
    id: "re1",
    attempt: 3,
    maxAttempts: 10,
    delayMs: 8_000,
    failure: { code: "overloaded", message: "overloaded_error", retryable: true },
  },
  {
    type: "turn-ended",
    id: "te3",
    outcome: "failed",
    durationMs: 31_000,
    failure: {
      code: "overloaded",
      message: "API Error: 529 overloaded_error (request req_011CU)",
      retryable: true,
      retryAfterMs: 45_000,
      httpStatus: 529,
    },
  },
];

export const requests: NonNullable<AgentState["requests"]> = {
  run: {
    tool: "Bash",
    kind: "permission",
    arguments: {
      command: "git push --force-with-lease origin main && npm publish --access public",
      cwd: "/home/ada/shop",
      description: "Publish the fix",
    },
    createdAt: NOW - 60_000,
    sessionScope: "Every command that starts with git push",
  },
  edit: {
    tool: "Edit",
    kind: "permission",
    arguments: { file_path: "/home/ada/shop/src/total.ts", old_string: before, new_string: after },
    createdAt: NOW - 50_000,
    sessionScope: "Changes to files in ~/shop",
  },
  strange: {
    tool: "mcp__shop__refund",
    kind: "permission",
    arguments: { order: 4711, amount: 11.9, reason: "duplicate" },
    createdAt: NOW - 40_000,
    title: "Refund order 4711",
  },
  ask: {
    tool: "AskUserQuestion",
    kind: "question",
    arguments: {
      questions: [
        {
          question: "Which rounding should invoices use?",
          header: "Rounding",
          multiSelect: false,
          options: [
            { label: "Half up", description: "What customers expect" },
            { label: "Half even", description: "What accountants expect" },
          ],
        },
        {
          question: "Where should it apply?",
          header: "Scope",
          multiSelect: true,
          options: [{ label: "Invoices" }, { label: "Refunds" }, { label: "Reports" }],
        },
      ],
    },
    createdAt: NOW - 30_000,
  },
  plan: {
    tool: "ExitPlanMode",
    kind: "plan",
    arguments: {
      plan: "## Refunds\n\n1. Share `rateOf()`.\n2. Round once in `refund.ts`.\n3. Cover both with tests.\n\nNothing else changes.",
    },
    createdAt: NOW - 20_000,
  },
};
