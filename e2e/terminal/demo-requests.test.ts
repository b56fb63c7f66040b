/** A newcomer's first try: what the demo agent asks on its own screen waits at the hub too, and either side can answer it. */
import { afterEach, beforeEach, expect } from "bun:test";
import type { Tmux } from "@hapi/testkit";
import { HAPI, isReady, openPlace, type Place, terminalTest, until } from "./place.ts";

let place: Place;
beforeEach(async () => {
  place = await openPlace();
});
afterEach(() => place[Symbol.asyncDispose]());

async function started(): Promise<{ terminal: Tmux; sessionId: string }> {
  const terminal = await place.shell(place.project("first"));
  await terminal.type(`clear; ${HAPI} demo\n`);
  await terminal.until(isReady, { timeoutMs: 80_000, what: "the demo agent" });
  const [sessionId = ""] = place.sessionIds();
  return { terminal, sessionId };
}

const state = async (sessionId: string) => (await place.api().sessions.get(sessionId)).agentState;

/** The one request that waits at the hub. */
const waiting = (sessionId: string, tool: string) =>
  until(
    async () => Object.entries((await state(sessionId))?.requests ?? {}).find(([, request]) => request.tool === tool && !request.sent),
    `${tool} waits at the hub`,
  );
const completed = (sessionId: string, id: string) =>
  until(async () => (await state(sessionId))?.completedRequests?.[id], "the hub knows how it ended");

terminalTest("a command waits at the hub while it waits on the screen: approved there, the terminal goes on", async () => {
  const { terminal, sessionId } = await started();
  await using _ = terminal;
  await terminal.type("run: echo x\n");
  await terminal.until((screen) => screen.includes("Which one?"), { what: "the dialog" });
  const [id, request] = await waiting(sessionId, "run");
  expect(request).toMatchObject({ kind: "permission", arguments: { command: "echo x" } });
  expect((await place.api().sessions.list()).find((row) => row.id === sessionId)?.pendingRequestsCount).toBe(1);
  await place.api().permissions.approve(sessionId, id);
  const screen = await terminal.until(isDone, { what: "the terminal goes on" });
  expect(screen).toContain("Answered elsewhere: Allow");
  expect(await completed(sessionId, id)).toMatchObject({ status: "approved", answeredBy: "person" });
});

terminalTest("answered on the screen: the hub hears by whom, and who answers there later hears it too; a question likewise", async () => {
  const { terminal, sessionId } = await started();
  await using _ = terminal;
  await terminal.type("run: echo x\n");
  const [id] = await waiting(sessionId, "run");
  await terminal.type("3\n");
  await terminal.until(isDone, { what: "the terminal goes on" });
  expect(await completed(sessionId, id)).toMatchObject({ status: "denied", answeredBy: "terminal" });
  expect(await place.api().permissions.approve(sessionId, id)).toMatchObject({
    status: "closed",
    outcome: { status: "denied", by: "terminal" },
  });

  await terminal.type("ask: Which colour? | red | blue\n");
  const [question] = await waiting(sessionId, "AskUserQuestion");
  await place.api().permissions.approve(sessionId, question, { answers: { answer: ["blue"] } });
  await terminal.until((screen) => screen.includes("You picked **blue**"), { what: "the answer" });
  expect(await completed(sessionId, question)).toMatchObject({ status: "approved", answeredBy: "person" });
});

terminalTest("the demo is left in the middle of a dialog: nobody is asked any more", async () => {
  const { terminal, sessionId } = await started();
  await using _ = terminal;
  await terminal.type("write a.md: x\n");
  const [id] = await waiting(sessionId, "write");
  const { processes = [] } = (await place.facts(sessionId)) ?? {};
  process.kill(processes.find((one) => one.exit === null)?.pid ?? 0, "SIGKILL");
  expect(await completed(sessionId, id)).toMatchObject({ status: "canceled" });
});

const isDone = (screen: string): boolean => screen.includes("Done.") && screen.trimEnd().endsWith("\n>");
