/** Everything a real Claude Code says is seen, and what a person said is theirs whatever it looks like: driven and in its own terminal. */
import { expect, test } from "bun:test";
import type { AgentEvent } from "@hapi/protocol";
import { createRig, type Rig, told, turn } from "./rig.ts";

const PROMPT_SIGN = /\?forshortcuts|manualmode|❯/;
const CLEAR_LINE = "\u0015";

const LOOKS = [
  "<task-notification>read this</task-notification>",
  "<bash-stdout>x</bash-stdout><bash-stderr></bash-stderr>",
  "<local-command-stdout>y</local-command-stdout>",
  "<command-name>/clear</command-name>",
  "<system-reminder>z</system-reminder>",
  "[Request interrupted by user]",
];

async function startLocal(rig: Rig, threadId?: string): Promise<void> {
  await rig.start({ front: "local", ...(threadId === undefined ? {} : { threadId }) });
  await rig.shows(PROMPT_SIGN);
}

async function say(rig: Rig, text: string): Promise<void> {
  await rig.type(CLEAR_LINE);
  await rig.type(text);
  await rig.shows(text.replace(/^!/, "").replace(/\s/g, ""));
  await rig.type("\r");
}

const output = (rig: Rig, command: string, from = 0): Promise<Extract<AgentEvent, { type: "notice" }>> =>
  rig.record("notice", (event) => event.command === command, from);

test("what Claude's own commands say, sent from the web, stands before the end of their turn", async () => {
  await using rig = await createRig();
  await rig.start();
  await turn(rig, "hello");
  const said = async (command: string): Promise<string[]> => {
    const from = rig.mark();
    expect((await turn(rig, command)).outcome).toBe("completed");
    return told(rig, from);
  };
  expect(await said("/context")).toEqual([
    "user: /context",
    "started",
    expect.stringContaining("info of /context: ## Context Usage"),
    "ended: completed",
  ]);
  expect((await said("/cost")).at(-2)).toStartWith("info of /usage: Estimated cost");
  expect((await said("/mcp")).at(-2)).toStartWith("info of /mcp: No MCP servers");
  expect(await said("/permissions")).toEqual([
    "user: /permissions",
    "started",
    "warning of /permissions: /permissions isn't available in this environment.",
    "ended: completed",
  ]);
  expect(rig.events.some((event) => event.type === "record" && event.event.type === "unknown")).toBe(false);
}, 480_000);

test("a compaction that failed says why; a cleared conversation says that it was, and ends the list of things to do", async () => {
  await using rig = await createRig({ env: { CLAUDE_CODE_ENABLE_TASKS: "0" } });
  await rig.start();
  const failed = rig.mark();
  await turn(rig, "/compact");
  expect(told(rig, failed).at(-2)).toMatch(/^warning of \/compact: .*No messages to compact|^info of \/compact: Not enough messages/);
  await turn(rig, "todo: one, two");
  const before = rig.threadId;
  const from = rig.mark();
  await turn(rig, "/clear");
  expect(rig.threadId).not.toBe(before);
  await turn(rig, "afresh");
  const lines = told(rig, from);
  expect(lines.filter((line) => line.includes("was cleared"))).toHaveLength(1);
  expect(lines).toContain("plan: 0");
  expect(lines.indexOf("plan: 0")).toBeLessThan(lines.indexOf("user: afresh"));
}, 480_000);

test("a failed prompt of any look is repeated by Retry with its own words, and what follows it is heard", async () => {
  await using rig = await createRig();
  await rig.start();
  await turn(rig, "hello");
  for (const [index, look] of LOOKS.entries()) {
    // The next answer is an error, the one after it is none.
    rig.fake.setScenario({ turns: [{ error: { status: 500, message: "broken" }, times: 1 }] });
    const localId = `look-${index}`;
    const from = rig.mark();
    await rig.conversation.prompt({ localId, text: look, attachments: [] });
    expect((await rig.record("turn-ended", undefined, from)).outcome).toBe("failed");
    expect(told(rig, from)[0]).toBe(`user: ${look}`);
    expect(await rig.conversation.lookup(localId)).toBe("present");
    const again = rig.mark();
    await rig.conversation.retry();
    expect((await rig.record("turn-ended", undefined, again)).outcome).toBe("completed");
    expect(rig.lastConversation().filter((line) => line.includes(look))).toHaveLength(1);
    expect(rig.lastConversation().join("\n")).not.toContain("Continue from where you left off");
  }
}, 480_000);

test("commands typed in the terminal, of Claude's own and of the shell, stand with what they said", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  await say(rig, "hello");
  await rig.record("turn-ended");
  const context = rig.mark();
  await say(rig, "/context");
  expect((await output(rig, "/context", context)).text).toContain("Context usage");
  expect(told(rig, context)).toEqual(["user: /context", expect.stringContaining("info of /context: ")]);
  const shell = rig.mark();
  // The sign alone switches to the shell; in one write with the rest it would be a paste.
  await rig.type("!");
  await rig.shows("forshellmode");
  await rig.type("echo seen-from-afar");
  await rig.shows("echoseen-from-afar");
  await rig.type("\r");
  await rig.record("turn-ended", undefined, shell);
  expect(told(rig, shell)).toEqual([
    "user: !echo seen-from-afar",
    "started",
    "call: Bash",
    "result: completed",
    expect.stringContaining("agent: "),
    "ended: completed",
  ]);
  const result = await rig.record("tool-result", undefined, shell);
  expect(result.content).toEqual([{ type: "terminal", command: "echo seen-from-afar", stdout: "seen-from-afar" }]);
  // Claude's own word on itself may come behind its record.
  await rig.wait("its rest", (event) => event.type === "thinking" && !event.thinking, shell);
}, 480_000);

test("typed and pasted words of any look are the person's, and the terminal's list of things to do ends with /clear", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  for (const look of LOOKS.slice(0, 4)) {
    const from = rig.mark();
    await rig.type(CLEAR_LINE);
    await rig.type(`\u001b[200~${look} pasted\u001b[201~`);
    await rig.shows(`${look} pasted`.replace(/\s/g, ""));
    await rig.type("\r");
    await rig.record("turn-ended", undefined, from);
    expect(told(rig, from)).toEqual([`user: ${look} pasted`, "started", expect.stringMatching(/^agent: /), "ended: completed"]);
  }
  const from = rig.mark();
  await say(rig, "/clear");
  await rig.record("notice", (event) => event.text.includes("was cleared"), from);
  await rig.record("plan", (event) => event.entries.length === 0, from);
}, 480_000);

test("going back in the terminal leaves a mark before what was said instead", async () => {
  await using rig = await createRig();
  await startLocal(rig);
  for (const words of ["remember apples", "remember pears"]) {
    const from = rig.mark();
    await say(rig, words);
    await rig.record("turn-ended", undefined, from);
  }
  await rig.type("\u001b");
  await rig.type("\u001b");
  await rig.shows("(current)");
  const from = rig.mark();
  // The newest prompt is above the place where the list begins; a key that the list was not ready for would leave everything as it is.
  await rig.type("\u001b[A");
  await rig.press("\r", rig.shows("beforeyousentthismessage"));
  // First the choice, then what it puts back into the input line.
  const mark = await rig.press(
    "\r",
    rig.record("notice", (event) => event.text.includes("went back"), from),
  );
  expect(mark.text).toBe("The conversation went back to before “remember pears”");
  await rig.record("turn-ended", undefined, from);
  expect(told(rig, from).slice(0, 2)).toEqual([`info: ${mark.text}`, "user: remember pears"]);
  expect(rig.lastConversation().filter((line) => line.startsWith("user:") && line.includes("remember pears"))).toHaveLength(1);
}, 480_000);
