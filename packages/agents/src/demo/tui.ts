/**
 * The demo agent's own front end in a terminal: a chat, line by line. It is a client of the same ACP agent, in the same process, so what is said
 * here and what is said remotely is one conversation in one record. Leaves the terminal as it was: it never changes its modes.
 */
import { createInterface, type Interface } from "node:readline/promises";
import {
  methods,
  client as acpClient,
  ndJsonStream,
  PROTOCOL_VERSION,
  type ClientContext,
  type SessionUpdate,
} from "@agentclientprotocol/sdk";
import { systemClock } from "@hapi/platform/lean";
import { demoSpeed, runDemoAgent } from "./agent.ts";
import { createDialogs, type Dialogs } from "./dialogs.ts";
import { openRecord } from "./record.ts";
import { style } from "./style.ts";

export interface TuiOptions {
  dir: string;
  /** Continued when it exists, begun under this id when not. */
  thread?: string;
  mode?: string;
  model?: string;
  /** Folder in which answers from elsewhere come. */
  answers?: string;
}

export async function runDemoTui(options: TuiOptions): Promise<number> {
  const out = (text: string) => void process.stdout.write(text);
  const keyboard = createInterface({ input: process.stdin, output: process.stdout, prompt: style.green("> ") });
  /** The person is gone: nothing may be read or asked any more. */
  const left = new AbortController();
  keyboard.once("close", () => left.abort());
  const screen = createScreen(out);
  const dialogs = createDialogs({ clock: systemClock, keyboard, left: left.signal, out, answers: options.answers });
  const toAgent = new TransformStream<Uint8Array, Uint8Array>();
  const toClient = new TransformStream<Uint8Array, Uint8Array>();
  const { dir, thread } = options;
  const newId = thread === undefined ? {} : { newId: () => thread };
  const served = runDemoAgent(toAgent.readable, toClient.writable, {
    dir,
    speed: demoSpeed(process.env),
    ...newId,
    exit: (code) => process.exit(code),
  });

  out(`${style.bold("Demo agent")} ${style.dim("· part of HAPI, works in a scratch folder · say hello · Ctrl-D leaves")}\n\n`);
  await acpClient({ name: "hapi-demo-tui" })
    .onNotification(methods.client.session.update, ({ params }) => screen.show(params.update))
    .onRequest(methods.client.session.requestPermission, ({ params }) => {
      screen.preview(params.toolCall.content ?? []);
      return dialogs.permission(params);
    })
    .onRequest(methods.client.elicitation.create, ({ params }) => {
      screen.end();
      return dialogs.form(params);
    })
    .connectWith(ndJsonStream(toAgent.writable, toClient.readable), async (agent) => {
      await agent.request(methods.agent.initialize, {
        protocolVersion: PROTOCOL_VERSION,
        clientCapabilities: { elicitation: { form: {} } },
      });
      const sessionId = await openThread(agent, options);
      if (options.mode) await agent.request(methods.agent.session.setMode, { sessionId, modeId: options.mode });
      if (options.model) await agent.request(methods.agent.session.setConfigOption, { sessionId, configId: "model", value: options.model });
      await chat({ agent, sessionId, keyboard, left: left.signal, screen, dialogs, out });
    });
  keyboard.close();
  // What the shell says next begins a line of its own.
  out("\n");
  await toAgent.writable.close();
  await served;
  return 0;
}

async function openThread(agent: ClientContext, { dir, thread }: TuiOptions): Promise<string> {
  const known = thread === undefined ? null : openRecord(dir, thread);
  known?.close();
  if (thread === undefined || !known) {
    const opened = await agent.request(methods.agent.session.new, { cwd: process.cwd(), mcpServers: [] });
    return opened.sessionId;
  }
  await agent.request(methods.agent.session.load, { cwd: process.cwd(), mcpServers: [], sessionId: thread });
  return thread;
}

interface Chat {
  agent: ClientContext;
  sessionId: string;
  keyboard: Interface;
  left: AbortSignal;
  screen: Screen;
  dialogs: Dialogs;
  out: (text: string) => void;
}

/** Until the input ends, which also stops a turn. Ctrl-C stops the turn, or leaves when nothing runs. */
async function chat({ agent, sessionId, keyboard, left, screen, dialogs, out }: Chat): Promise<void> {
  let running = false;
  const stop = (): void => {
    dialogs.close();
    void agent.notify(methods.agent.session.cancel, { sessionId });
  };
  keyboard.on("SIGINT", () => {
    if (!running) return keyboard.close();
    stop();
  });
  left.addEventListener("abort", () => running && stop());
  screen.end();
  keyboard.prompt();
  for await (const line of keyboard) {
    if (line.trim() !== "") {
      running = true;
      try {
        const { stopReason } = await agent.request(methods.agent.session.prompt, { sessionId, prompt: [{ type: "text", text: line }] });
        screen.end();
        if (stopReason === "cancelled") out(style.yellow("Stopped.\n"));
      } catch (cause) {
        screen.end();
        out(`${style.red(cause instanceof Error ? cause.message : String(cause))}\n`);
      } finally {
        running = false;
      }
    }
    if (left.aborted) return;
    keyboard.prompt();
  }
}

interface Screen {
  show(update: SessionUpdate): void;
  preview(content: readonly { type: string; path?: string; oldText?: string | null; newText?: string }[]): void;
  /** The text that was streaming is over. */
  end(): void;
}

function createScreen(out: (text: string) => void): Screen {
  let open: "text" | "thought" | "user" | null = null;
  const end = () => {
    if (open) out("\n");
    open = null;
  };
  const stream = (kind: "text" | "thought" | "user", text: string) => {
    if (open !== kind) end();
    open = kind;
    out(kind === "thought" ? style.dim(text) : kind === "user" ? style.green(`> ${text}`) : text);
  };
  const line = (text: string) => {
    end();
    out(`${text}\n`);
  };
  const marks = { completed: style.green("✓"), failed: style.red("✗"), pending: "·", in_progress: "▸" } as const;
  return {
    end,
    preview(content) {
      for (const part of content) {
        if (part.type !== "diff") continue;
        for (const text of (part.oldText ?? "").split("\n")) if (!part.newText?.includes(text)) line(style.red(`- ${text}`));
        for (const text of (part.newText ?? "").split("\n")) if (!part.oldText?.includes(text)) line(style.green(`+ ${text}`));
      }
    },
    show(update) {
      switch (update.sessionUpdate) {
        case "agent_message_chunk":
          return update.content.type === "text" ? stream("text", update.content.text) : undefined;
        case "agent_thought_chunk":
          return update.content.type === "text" ? stream("thought", update.content.text) : undefined;
        case "user_message_chunk":
          return update.content.type === "text" ? stream("user", update.content.text) : undefined;
        case "tool_call":
          return line(`${marks[update.status ?? "pending"]} ${update.title}`);
        case "tool_call_update":
          return update.status === "completed" || update.status === "failed"
            ? line(`${marks[update.status]} ${style.dim(update.status)}`)
            : undefined;
        case "plan":
          for (const entry of update.entries) line(`  ${marks[entry.status]} ${entry.content}`);
          return;
        default:
          return;
      }
    },
  };
}
