/** The scenes of the gallery: each is one state of the chat, made from fixtures. */
import { useState } from "react";
import { ChatScreen } from "../chat-screen.tsx";
import { createFakePort, type FakePort } from "./fake-port.ts";
import { failure, fakeSession, NOW, requests, rowsOf, story, type Line } from "./script.ts";

/** A clock that starts where the fixtures end and then runs. */
const begun = Date.now();
const now = (): number => NOW + (Date.now() - begun);

const queued: readonly Line[] = [
  {
    type: "web-prompt",
    text: "Then update the changelog.",
    localId: "q1",
    queued: true,
    stage: "accepted",
    waiting: { for: "turn", since: NOW - 5_000 },
  },
  {
    type: "web-prompt",
    text: "And open a pull request with a short description of what changed and why it matters for accounting.",
    localId: "q2",
    queued: true,
    stage: "accepted",
  },
  { type: "web-prompt", text: "Finally, tell me what is left.", localId: "q3", queued: true, stage: "accepted" },
];

const waits: readonly Line[] = (
  [
    ["Run the tests again.", { for: "machine", since: NOW - 900_000 }],
    ["Then push.", { for: "approval", since: NOW - 120_000 }],
    ["And tell me.", { for: "pause", since: NOW - 5_000, until: NOW + 55_000, code: "thread_in_use" }],
    ["What is left?", { for: "person", since: NOW - 300_000, code: "session_inactive" }],
    ["Start over.", { for: "person", since: NOW - 300_000, code: "agent_not_installed" }],
    ["Are you there?", { for: "nothing", since: NOW - 12_000 }],
  ] as const
).map(([text, waiting], at) => ({
  type: "web-prompt",
  text,
  localId: `w${at}`,
  queued: true,
  stage: "accepted",
  waiting,
  ...("code" in waiting && waiting.code === "agent_not_installed"
    ? { detail: { code: waiting.code, message: "The agent was not found on this machine" } }
    : {}),
}));

export function longStory(turns: number, from = 0): Line[] {
  return Array.from({ length: turns }, (_, turn): Line[] => {
    const at = from + turn;
    return [
      { type: "web-prompt", text: `Prompt number ${at}: look at part ${at} of the shop.`, localId: `lp${at}`, stage: "done" },
      {
        type: "agent-message",
        id: `lm${at}`,
        text: `Part **${at}** is fine.\n\n- it has ${at % 7} files\n- and \`${at * 3}\` lines\n\n\`\`\`ts\nexport const part${at} = ${at};\n\`\`\``,
      },
      {
        type: "tool-call",
        id: `lc${at}`,
        tool: "Bash",
        kind: "execute",
        title: `wc -l part-${at}.ts`,
        input: { command: `wc -l part-${at}.ts` },
      },
      { type: "tool-result", id: `lr${at}`, callId: `lc${at}`, status: "completed", output: `${at * 3} part-${at}.ts` },
    ];
  }).flat();
}

export const scenes: Record<string, () => FakePort> = {
  story: () => createFakePort({ session: fakeSession(), messages: rowsOf([...story, ...failure]) }, now),
  working: () =>
    createFakePort(
      {
        session: fakeSession({ thinking: true, activeTurnStartedAt: now() - 14_000 }),
        messages: [
          ...rowsOf([
            ...story,
            {
              type: "tool-call",
              id: "live",
              tool: "Bash",
              kind: "execute",
              title: "bun test",
              input: { command: "bun test --watch=false" },
            },
          ]),
          ...rowsOf(queued, NOW - 5_000, 100, 900),
        ],
        streams: [{ itemId: "stream", kind: "text", text: "The refund uses the **same** helper, so I", end: 39, gap: false, done: false }],
      },
      now,
    ),
  permission: () =>
    createFakePort({ session: fakeSession({ thinking: true }, { requests: { run: requests["run"]! } }), messages: rowsOf(story) }, now),
  edit: () =>
    createFakePort({ session: fakeSession({ thinking: true }, { requests: { edit: requests["edit"]! } }), messages: rowsOf(story) }, now),
  question: () =>
    createFakePort({ session: fakeSession({ thinking: true }, { requests: { ask: requests["ask"]! } }), messages: rowsOf(story) }, now),
  plan: () =>
    createFakePort({ session: fakeSession({ thinking: true }, { requests: { plan: requests["plan"]! } }), messages: rowsOf(story) }, now),
  unknown: () =>
    createFakePort(
      { session: fakeSession({ thinking: true }, { requests: { strange: requests["strange"]! } }), messages: rowsOf(story) },
      now,
    ),
  terminal: () =>
    createFakePort(
      {
        session: fakeSession({ thinking: true }, { controlledByUser: true }),
        messages: [...rowsOf(story), ...rowsOf(queued.slice(0, 1), NOW, 1, 900)],
      },
      now,
    ),
  waiting: () =>
    createFakePort(
      {
        session: fakeSession({ active: false, activeAt: NOW - 3 * 3600_000 }),
        messages: [...rowsOf(story.slice(0, 27)), ...rowsOf(waits, NOW - 5_000, 100, 900)],
      },
      now,
    ),
  asleep: () =>
    createFakePort({ session: fakeSession({ active: false, activeAt: NOW - 3 * 3600_000 }), messages: rowsOf(story.slice(0, 27)) }, now),
  empty: () =>
    createFakePort(
      { session: fakeSession({ metadata: { ...fakeSession().metadata!, name: `A title that goes on and on ${"and on ".repeat(40)}` } }) },
      now,
    ),
  loading: () => createFakePort({ session: fakeSession(), loaded: false }, now),
  stages: () =>
    createFakePort(
      {
        session: fakeSession(),
        messages: rowsOf([
          { type: "web-prompt", text: "handed", localId: "s1", stage: "handed" },
          {
            type: "web-prompt",
            text: "nothing said of it",
            localId: "s7",
            stage: "handed",
            waiting: { for: "silence", since: NOW - 300_000 },
          },
          { type: "web-prompt", text: "not begun", localId: "s5", stage: "handed", waiting: { for: "uptake", since: NOW - 120_000 } },
          { type: "web-prompt", text: "stuck", localId: "s6", stage: "handed", waiting: { for: "nothing", since: NOW - 60_000 } },
          { type: "web-prompt", text: "started", localId: "s2", stage: "started" },
          { type: "web-prompt", text: "interrupted", localId: "s3", stage: "interrupted" },
          { type: "web-prompt", text: "unknown", localId: "s4", stage: "unknown" },
        ]),
        outbox: [
          {
            localId: "o1",
            text: "rejected",
            attachments: [],
            createdAt: NOW,
            state: "rejected",
            error: { code: "body_too_large", message: "The request is too large" },
          },
        ],
      },
      now,
    ),
  long: () =>
    createFakePort(
      { session: fakeSession({ thinking: true }), messages: rowsOf(longStory(500, 500), NOW - 3600_000, 500, 100_000), hasOlder: true },
      now,
      (first) => {
        const end = ((first?.seq ?? 0) - 100_000) / 4 + 500;
        return end <= 0 ? [] : rowsOf(longStory(50, end - 50), NOW - 7200_000, 500, (first?.seq ?? 0) - 200);
      },
    ),
};

declare global {
  interface Window {
    /** For tests that drive the fixture. */
    galleryPort?: FakePort;
  }
}

export function Scene({ name }: { name: string }) {
  const [port] = useState(() => (scenes[name] ?? scenes["story"]!)());
  window.galleryPort = port;
  return (
    <main className="flex h-dvh flex-col overflow-hidden bg-ground">
      <ChatScreen port={port} onBack={() => history.back()} />
    </main>
  );
}
