/** A session of real Claude Code against the scripted model, and what these tests look at. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeContent } from "@hapi/core";
import { processStartTime } from "@hapi/platform";
import type { AgentEvent, Session } from "@hapi/protocol";
import type { FakeModels } from "@hapi/testkit";
import { programOf, versionOf } from "../../agents/test-real/shared/installed.ts";
import { createProcessWorld, type ProcessWorld } from "../test/processes/process-world.ts";

const KEY = "sk-test";
export const REMOTE_BANNER = "Remote mode - ";

export function claudeWorld(models: FakeModels, startingMode: "local" | "remote"): Promise<ProcessWorld> {
  return createProcessWorld({
    session: { flavor: "claude", startedBy: "terminal", startingMode },
    prepare({ root, cwd }) {
      const onboarding = { hasCompletedOnboarding: true, lastOnboardingVersion: versionOf("claude"), theme: "dark" };
      const projects = { [cwd]: { hasTrustDialogAccepted: true } };
      writeFileSync(
        join(root, ".claude.json"),
        JSON.stringify({ ...onboarding, customApiKeyResponses: { approved: [KEY], rejected: [] }, projects }),
      );
      return {
        HAPI_CLAUDE_PATH: programOf("claude"),
        ANTHROPIC_BASE_URL: models.url,
        ANTHROPIC_API_KEY: KEY,
        DISABLE_AUTOUPDATER: "1",
        DISABLE_TELEMETRY: "1",
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
        CLAUDE_CODE_MAX_RETRIES: "0",
        LANG: "C.UTF-8",
        SHELL: "/bin/bash",
      };
    },
  });
}

/** By Claude's own list of its living processes. */
export function livingClaudes(world: ProcessWorld): number {
  const names = readdirSync(join(world.root, ".claude", "sessions")).filter((name) => /^\d+\.json$/.test(name));
  return names.filter((name) => processStartTime(Number.parseInt(name)) !== null).length;
}

export const sessionOf = (world: ProcessWorld): Promise<Session> => world.api.sessions.get(world.sessionId);
export const isLocal = async (world: ProcessWorld): Promise<boolean> => (await sessionOf(world)).metadata?.lifecycleState === "paused";
export const isDone = (world: ProcessWorld, localId: string) =>
  world.until(async () => (await world.row(localId))?.stage === "done", `${localId} done`);
export const openRequest = (world: ProcessWorld) =>
  world.until(async () => Object.keys((await sessionOf(world)).agentState?.requests ?? {})[0], "a request");

export async function historyOf(world: ProcessWorld): Promise<{ event: AgentEvent; isPrompt: boolean }[]> {
  return (await world.rows()).flatMap((row) =>
    decodeContent(row.content, { id: row.id }).map((event) => ({ event, isPrompt: row.localId !== null })),
  );
}

/** What Claude said, in order. */
export async function shownTexts(world: ProcessWorld): Promise<string[]> {
  return (await historyOf(world)).flatMap(({ event }) => (event.type === "agent-message" ? [event.text] : []));
}

interface TranscriptLine {
  type: string;
  isMeta?: boolean;
  message?: { content: string | { type: string; text?: string }[] };
}

/** Claude's own transcript: the prompts it ran and what it said. */
export function transcriptOf(world: ProcessWorld): { ran: string[]; said: string[] } {
  const projects = join(world.root, ".claude", "projects");
  const files = readdirSync(projects, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".jsonl") && !name.includes("subagents"),
  );
  const lines = files.flatMap((name) => readFileSync(join(projects, name), "utf8").split("\n")).filter(Boolean);
  const ran: string[] = [];
  const said: string[] = [];
  for (const line of lines.map((text) => JSON.parse(text) as TranscriptLine)) {
    const content = line.message?.content ?? [];
    const texts =
      typeof content === "string" ? [content] : content.flatMap((part) => (part.type === "text" && part.text ? [part.text] : []));
    if (line.type === "user" && !line.isMeta) ran.push(...texts);
    if (line.type === "assistant") said.push(...texts);
  }
  return { ran, said };
}
