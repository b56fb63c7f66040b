/** Work beside the turns on the real program: what is known of it, what ends it, and that its end is told. */
import { expect, test } from "bun:test";
import { createRig, type Rig, turn } from "./rig.ts";

const labels = (rig: Rig, wanted: readonly string[], from = 0) =>
  rig.wait(
    `background work ${JSON.stringify(wanted)}`,
    (event) => event.type === "background" && JSON.stringify(event.work.map((one) => one.label)) === JSON.stringify(wanted) && event.work,
    from,
  );
const notice = (rig: Rig, from = 0) => rig.record("notice", (event) => event.text.includes("ended with the agent's process"), from);
const shell = (seconds: number, label: string): string =>
  `call: Bash ${JSON.stringify({ command: `sleep ${seconds}`, run_in_background: true, description: label })}`;
const helper = (chunks: number, label: string): string =>
  `call: Task ${JSON.stringify({ description: label, prompt: `slow ${chunks} 200`, subagent_type: "general-purpose", run_in_background: true })}`;
const timer = `call: CronCreate ${JSON.stringify({ cron: "*/7 * * * *", prompt: "check the build", recurring: true })}`;
const ALLOWED = ["--allowedTools", "Bash", "Task", "CronCreate"];

test("driven: shells, sub-agents and timers are known from Claude's own reports, also to a restarted session process; the end of the process tells of them", async () => {
  await using rig = await createRig({ args: ALLOWED });
  await rig.start();
  await turn(rig, shell(600, "Dev server"));
  expect((await labels(rig, ["Dev server"]))[0]).toMatchObject({ kind: "shell" });
  expect(rig.conversation.busy).toBe(false);
  await turn(rig, timer);
  await labels(rig, ["Dev server", "every */7 * * * *: check the build"]);

  const from = rig.mark();
  await rig.killSessionProcess();
  expect(await rig.takeOver()).toBe("remote");
  await labels(rig, ["Dev server", "every */7 * * * *: check the build"], from);
  await rig.conversation.stop({ graceMs: 2_000 });
  expect((await notice(rig, from)).text).toContain("Dev server");
  await labels(rig, [], from);
}, 480_000);

test("driven: Stop ends the turn and leaves what runs in the background; what ends by itself is gone without a word", async () => {
  await using rig = await createRig({ args: ALLOWED });
  await rig.start();
  await turn(rig, helper(600, "Long helper"));
  await labels(rig, ["Long helper"]);
  const from = rig.mark();
  await rig.conversation.prompt({ localId: "long", text: "slow 600 100", attachments: [] });
  await rig.wait("live text", (event) => event.type === "stream" && event, from);
  await rig.conversation.interrupt();
  expect((await rig.record("turn-ended", (event) => event.localIds?.includes("long") === true, from)).outcome).toBe("interrupted");
  await turn(rig, shell(1, "Short build"));
  await labels(rig, ["Long helper", "Short build"], from);
  await labels(
    rig,
    ["Long helper"],
    rig.events.findLastIndex((event) => event.type === "background" && event.work.length === 2),
  );
  expect(rig.events.some((event) => event.type === "record" && event.event.type === "notice")).toBe(false);
}, 480_000);

test("in the terminal: known from the Stop hook and Claude's own status; gone when it ends; the end of the program tells of it", async () => {
  await using rig = await createRig({ args: ALLOWED });
  await rig.start({ front: "local" });
  await rig.shows("manual");
  await rig.type(shell(2, "Short build"));
  await rig.shows("Shortbuild");
  await rig.type("\r");
  await labels(rig, ["Short build"]);
  // It wakes Claude up, whose next Stop hook says that nothing is left.
  await labels(
    rig,
    [],
    rig.events.findIndex((event) => event.type === "background"),
  );
  const from = rig.mark();
  await rig.type(shell(600, "Dev server"));
  await rig.shows("Devserver");
  await rig.type("\r");
  await labels(rig, ["Dev server"], from);
  await rig.conversation.stop({ graceMs: 5_000 });
  expect((await notice(rig, from)).text).toContain("Dev server (sleep 600)");
  await labels(rig, [], from);
}, 480_000);
