/** One session of a world, from below: its host, its processes by pid, what the agent's own record says, and what the hub shows. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { HubApi } from "@hapi/client";
import { type HostFacts, probeHost } from "@hapi/host";
import { type ProcessId, processStartTime, sessionDir } from "@hapi/platform";
import type { Message } from "@hapi/protocol";
import type { History } from "@hapi/testkit";

interface RecordLine {
  t: string;
  cwd?: string;
  text?: string;
  stopReason?: string;
  update?: { sessionUpdate: string; status?: string; title?: string; content?: unknown; rawInput?: { path?: string } };
}

export interface SessionPlace {
  readonly id: string;
  readonly cwd: string;
  /** Of its living host; throws when there is none. */
  facts(): Promise<HostFacts>;
  /** The one agent; throws when there is none or more than one. */
  agentPid(): Promise<number>;
  find(part: "session" | "agent" | "host"): Promise<ProcessId | null>;
  rows(): Promise<Message[]>;
  history(accepted: History["accepted"]): Promise<History>;
  /** How often the agent's record has a finished tool call of this path. */
  written(path: string): number;
  /** What the agent said in this prompt's turn, by its record. */
  saidIn(text: string): string[];
  /** Whether the record has the end of this prompt's turn. */
  ended(text: string): boolean;
}

export interface SessionPlaceOptions {
  id: string;
  cwd: string;
  home: string;
  userHome: string;
  api: HubApi;
}

export function sessionPlace({ id, cwd, home, userHome, api }: SessionPlaceOptions): SessionPlace {
  const idOf = (pid: number): ProcessId => ({ pid, startTime: processStartTime(pid) });

  async function facts(): Promise<HostFacts> {
    const found = await probeHost(sessionDir(home, id));
    if (!found) throw new Error("the host is gone");
    return found;
  }

  /** Every thread the agent began for this session; more than one means that a conversation was begun afresh. */
  function record(): RecordLine[] {
    const threads = join(userHome, ".local", "state", "hapi-demo", "threads");
    if (!existsSync(threads)) return [];
    return readdirSync(threads).flatMap((name) => {
      const text = readFileSync(join(threads, name), "utf8");
      // A line that is being written, or was when its writer was killed, is none.
      const lines = text
        .slice(0, text.lastIndexOf("\n") + 1)
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as RecordLine);
      return lines[0]?.cwd === cwd ? lines : [];
    });
  }

  function turnOf(text: string): RecordLine[] {
    const lines = record();
    const after = lines.slice(lines.findLastIndex((line) => line.t === "user" && line.text === text) + 1);
    const next = after.findIndex((line) => line.t === "user");
    return after.slice(0, next < 0 ? after.length : next);
  }

  async function rows(): Promise<Message[]> {
    const all = new Map<string, Message>();
    for (let before: { at: number; seq: number } | undefined; ;) {
      const { messages, page } = await api.messages.page(id, { limit: 200, ...(before ? { before } : {}) });
      for (const row of messages) all.set(row.id, row);
      if (!page.hasMore) break;
      before = { at: page.nextBeforeAt ?? 0, seq: page.nextBeforeSeq ?? 0 };
    }
    return [...all.values()].sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
  }

  return {
    id,
    cwd,
    facts,
    async agentPid() {
      const running = (await facts()).processes.filter((one) => one.exit === null);
      const [only] = running;
      if (!only || running.length > 1) throw new Error(`${running.length} agents run`);
      return only.pid;
    },
    async find(part) {
      const found = await probeHost(sessionDir(home, id));
      if (!found) return null;
      if (part === "host") return idOf(found.pid);
      const pid = part === "session" ? found.session.pid : found.processes.find((one) => one.exit === null)?.pid;
      return pid === null || pid === undefined ? null : idOf(pid);
    },
    rows,
    async history(accepted) {
      const shown = await rows();
      const lines = record();
      const ran = lines.flatMap((line) => (line.t === "user" ? [line.text ?? ""] : []));
      return { rows: shown, accepted, agent: { ran, said: lines.flatMap(saidBy) } };
    },
    written: (path) => record().filter((line) => line.update?.sessionUpdate === "tool_call" && line.update.rawInput?.path === path).length,
    saidIn: (text) => turnOf(text).flatMap(saidBy),
    ended: (text) => turnOf(text).some((line) => line.t === "end" && line.stopReason === "end_turn"),
  };
}

function saidBy({ update }: RecordLine): string[] {
  return update?.sessionUpdate === "agent_message_chunk" ? [(update.content as { text: string }).text] : [];
}
