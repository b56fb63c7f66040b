/** The chat's port on fixtures: every action changes the fixture the way the hub would, so flows can be clicked through without one. */
import { createTimeline, type OutboxPrompt, type StreamBuffer } from "@hapi/core";
import { AppError, type AgentState, type Message, type Session } from "@hapi/protocol";
import type { ChatPort, ChatView, Draft } from "../../../sync/port.ts";

export interface Fixture {
  session: Session;
  messages: readonly Message[];
  streams: readonly StreamBuffer[];
  outbox: readonly OutboxPrompt[];
  hasOlder: boolean;
  loadingOlder: boolean;
  loaded: boolean;
  machineOnline: boolean;
}

export interface FakePort extends ChatPort {
  change(next: (now: Fixture) => Partial<Fixture>): void;
  /** What was called, oldest first. */
  calls: { name: string; args: unknown[] }[];
}

export function createFakePort(
  start: Partial<Fixture> & Pick<Fixture, "session">,
  now: () => number,
  older?: (first: Message | undefined) => readonly Message[],
): FakePort {
  let fixture: Fixture = {
    messages: [],
    streams: [],
    outbox: [],
    hasOlder: false,
    loadingOlder: false,
    loaded: true,
    machineOnline: true,
    ...start,
  };
  const builder = createTimeline();
  const listeners = new Set<() => void>();
  const calls: FakePort["calls"] = [];
  const drafts = new Map<string, Draft>();
  const draw = (): ChatView => ({
    session: fixture.session,
    timeline: builder.update({
      messages: fixture.messages,
      streams: fixture.streams,
      agentState: fixture.session.agentState,
      outbox: fixture.outbox,
      root: fixture.session.metadata?.path ?? null,
    }),
    loaded: fixture.loaded,
    loadError: null,
    hasOlder: fixture.hasOlder,
    loadingOlder: fixture.loadingOlder,
    away: false,
    machineName: "workbench",
    machineOnline: fixture.machineOnline,
  });
  let view = draw();
  const change = (next: (now: Fixture) => Partial<Fixture>) => {
    fixture = { ...fixture, ...next(fixture) };
    view = draw();
    for (const listener of listeners) listener();
  };
  const note = (name: string, ...args: unknown[]) => {
    calls.push({ name, args });
  };
  const withState = (agentState: AgentState) => change((was) => ({ session: { ...was.session, agentState } }));
  const close = (id: string, status: string, reason?: string) => {
    const { [id]: request, ...rest } = fixture.session.agentState?.requests ?? {};
    if (!request) throw new AppError("request_closed");
    const done = { ...request, status, completedAt: now(), ...(reason ? { reason } : {}) };
    withState({
      ...fixture.session.agentState,
      requests: rest,
      completedRequests: { ...fixture.session.agentState?.completedRequests, [id]: done },
    });
  };
  const meta = (part: Partial<Session>) => change((was) => ({ session: { ...was.session, ...part } }));

  return {
    calls,
    change,
    now,
    store: { view: () => view, subscribe: (listener) => (listeners.add(listener), () => listeners.delete(listener)) },
    drafts: {
      load: async (id) => drafts.get(id) ?? null,
      save: async (id, draft) => void drafts.set(id, draft),
    },
    actions: {
      approve: async (_session, id, answer) => (note("approve", id, answer), close(id, "approved"), { status: "applied" }),
      deny: async (_session, id, answer) => (note("deny", id, answer), close(id, "denied", answer.reason), { status: "applied" }),
      whole: async (_session, id) => {
        const { tool, arguments: input } = fixture.session.agentState?.requests?.[id] ?? {};
        if (tool === undefined) throw new AppError("request_not_found");
        return { tool, arguments: input, digest: "of-the-whole" };
      },
      send: async ({ text, attachments, steer, at }) => {
        note("send", text, attachments, { steer, at });
        const localId = crypto.randomUUID();
        change((was) => ({
          outbox: [...was.outbox, { localId, text, attachments, createdAt: now(), scheduledAt: at ?? null, state: "sending" }],
        }));
      },
      cancel: async (prompt) => {
        note("cancel", prompt.localId);
        change((was) => ({
          messages: was.messages.filter((row) => row.localId !== prompt.localId),
          outbox: was.outbox.filter((row) => row.localId !== prompt.localId),
        }));
        return "cancelled";
      },
      sendAgain: async (prompt) => (note("sendAgain", prompt.localId), "sent"),
      steer: async (prompt) => (note("steer", prompt.localId), "waits"),
      retry: async () => note("retry"),
      setAutoRetry: async (autoRetry) => {
        note("setAutoRetry", autoRetry);
        const { metadata } = fixture.session;
        if (metadata) meta({ metadata: { ...metadata, autoRetry } });
      },
      stopRetry: async () => (note("stopRetry"), withState({ ...fixture.session.agentState, retry: null })),
      resume: async () => {
        note("resume");
        throw new AppError("resume_failed", "The agent ended while it was starting.", {
          details: { cause: "agent_exited", offers: ["fork"] },
        });
      },
      fork: async (from) => (note("fork", from), crypto.randomUUID()),
      diagnostics: async () => ({
        sessionId: fixture.session.id,
        flavor: fixture.session.metadata?.flavor ?? null,
        source: "hub",
        threads: { hub: "3f0e", record: "3f0e" },
        lastStart: { at: now() - 3_600_000, how: "resume", front: "remote", asked: "3f0e", used: "3f0e" },
        host: { machineId: "m", name: "workbench", pid: 4242 },
        launch: { cwd: "/home/ada/shop", startedBy: "runner", startingMode: "remote", permissionMode: "default", model: null },
        lastFailure: { code: "overloaded", message: "The model is overloaded", at: now() - 60_000 },
        autoRetry: false,
        retry: null,
      }),
      loadOlder: async () => {
        note("loadOlder");
        if (!older) return;
        change(() => ({ loadingOlder: true }));
        await new Promise((resolve) => setTimeout(resolve, 120));
        const rows = older(fixture.messages[0]);
        change((was) => ({ loadingOlder: false, hasOlder: rows.length > 0, messages: [...rows, ...was.messages] }));
      },
      abort: async () => (note("abort"), meta({ thinking: false })),
      switchControl: async (to, at) => (
        note("switchControl", to, at),
        withState({ ...fixture.session.agentState, controlledByUser: to === "local" })
      ),
      setPermissionMode: async (mode) => (note("setPermissionMode", mode), meta({ permissionMode: mode })),
      setModel: async (model) => (note("setModel", model), meta({ model })),
      setEffort: async (effort) => (note("setEffort", effort), meta({ effort })),
      unarchive: async () => note("unarchive"),
      rename: async (name) => {
        note("rename", name);
        const { metadata } = fixture.session;
        if (metadata) meta({ metadata: { ...metadata, name } });
      },
      upload: async (file, progress, signal) => {
        note("upload", file.filename);
        for (const share of [0.3, 0.7, 1]) {
          await new Promise((resolve) => setTimeout(resolve, 60));
          if (signal.aborted) throw new AppError("timeout");
          progress(share);
        }
        if (file.filename.includes("fails")) throw new AppError("agent_away");
        return {
          id: crypto.randomUUID(),
          filename: file.filename,
          mimeType: file.mimeType,
          size: file.content.size,
          path: `/tmp/${file.filename}`,
        };
      },
      picture: async () => null,
      slashCommands: async () => [
        { name: "compact", description: "Summarise the conversation to free context", source: "builtin" },
        { name: "clear", description: "Start afresh" },
        { name: "review", description: "Review the changes of this branch" },
      ],
      models: async () => [],
    },
  };
}
