/**
 * Where Claude keeps a conversation is Claude's own affair: it moves the file when it enters a worktree, and cuts and hashes the names of deep
 * folders. Wherever the file is, what is said is told once, in order, in its turn.
 */
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "bun:test";
import { createRig, type Rig, texts, turn } from "./rig.ts";

const git = (cwd: string, ...words: string[]): void =>
  void execFileSync("git", ["-c", "user.email=a@example.org", "-c", "user.name=A", ...words], { cwd });

function repository(cwd: string): void {
  git(cwd, "init", "-q", "-b", "main");
  git(cwd, "commit", "-q", "--allow-empty", "-m", "first");
}

/** Folders of Claude's that hold this conversation. */
function homes(rig: Rig): string[] {
  const projects = join(rig.env["HOME"] ?? "", ".claude", "projects");
  return readdirSync(projects).filter((name) => readdirSync(join(projects, name)).includes(`${rig.threadId}.jsonl`));
}

const warnings = (rig: Rig): string[] =>
  rig.events.flatMap((event) =>
    event.type === "record" && event.event.type === "notice" && event.event.level === "warning" ? [event.event.text] : [],
  );

/** A turn's own rows, by the last prompt. */
async function said(rig: Rig, text: string): Promise<string[]> {
  const from = rig.mark();
  await turn(rig, text);
  return texts(rig, from).map((line) => line.replace(/^(agent: Done\.).*/s, "$1"));
}

const plain = (text: string): string[] => [`user: ${text}`, "started", `agent: Echo: ${text}`, "ended: completed"];
const tool = (text: string, name: string): string[] => [
  `user: ${text}`,
  "started",
  `call: ${name}`,
  "result: completed",
  "agent: Done.",
  "ended: completed",
];

const ENTER = (name: string): string => `call: EnterWorktree {"name":"${name}"}`;
const EXIT = 'call: ExitWorktree {"action":"keep"}';

test("a conversation that moves into a worktree, out of it and into another is told turn by turn", async () => {
  await using rig = await createRig();
  repository(rig.cwd);
  await rig.start();
  expect(await said(rig, "hello")).toEqual(plain("hello"));
  const [first = ""] = homes(rig);
  expect(await said(rig, ENTER("one"))).toEqual(tool(ENTER("one"), "EnterWorktree"));
  expect(homes(rig)).not.toEqual([first]);
  expect(await said(rig, "inside")).toEqual(plain("inside"));
  expect(await said(rig, EXIT)).toEqual(tool(EXIT, "ExitWorktree"));
  expect(homes(rig)).toEqual([first]);
  expect(await said(rig, ENTER("two"))).toEqual(tool(ENTER("two"), "EnterWorktree"));
  expect(await said(rig, "second")).toEqual(plain("second"));
  expect(warnings(rig)).toEqual([]);
}, 480_000);

test("a conversation in a worktree is parked and woken: it goes on where it was, and its past is not told again", async () => {
  await using rig = await createRig();
  repository(rig.cwd);
  await rig.start();
  await turn(rig, "remember pineapple");
  await turn(rig, ENTER("one"));
  await rig.conversation.stop({ graceMs: 5_000 });
  await rig.killSessionProcess();
  const from = rig.mark();
  await rig.conversation.adopt();
  await rig.start({ threadId: rig.threadId });
  const where = "run: pwd";
  expect(await said(rig, where)).toEqual(tool(where, "Bash"));
  expect(texts(rig, from)).toEqual([...texts(rig, from).slice(-6)]);
  const result = await rig.record("tool-result", () => true, from);
  expect(JSON.stringify(result)).toContain(join(rig.cwd, ".claude", "worktrees", "one"));
  expect(rig.lastConversation().join("\n")).toContain("remember pineapple");
  expect(homes(rig)).toHaveLength(1);
  expect(await rig.conversation.lookup("never")).toBe("absent");
  expect(warnings(rig)).toEqual([]);
}, 480_000);

test("moved while nobody looked: the next session process finds it, and tells what is new once", async () => {
  await using rig = await createRig();
  repository(rig.cwd);
  await rig.start();
  await turn(rig, "hello");
  rig.fake.setScenario({ turns: [{ when: { user: "^moves$" }, reply: [{ delayMs: 1_500, do: ENTER("one") }] }] });
  await rig.conversation.prompt({ localId: "moves", text: "moves", attachments: [] });
  await rig.wait("its beginning", (event) => event.type === "stage" && event.stage === "started" && event.localId === "moves");
  const from = rig.mark();
  await rig.killSessionProcess();
  while (homes(rig)[0]?.includes("worktrees") !== true) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await rig.takeOver()).toBe("remote");
  await rig.record("turn-ended", (event) => event.localIds?.includes("moves") === true, from);
  expect(texts(rig).filter((line) => line === "call: EnterWorktree")).toHaveLength(1);
  expect(texts(rig).slice(-3)).toEqual(["result: completed", "agent: Echo: moves", "ended: completed"]);
  expect(await said(rig, "after")).toEqual(plain("after"));
}, 480_000);

for (const [what, folder] of [
  ["cut and hashed by Claude", join("d".repeat(90), "e".repeat(90), "f".repeat(10))],
  ["longer than a name may be", join("d".repeat(120), "e".repeat(120), "f".repeat(60))],
  ["in another script", join("旅行记", "工资表")],
] as const)
  test(`a folder whose name is ${what}: told as anywhere else, before and after it is woken`, async () => {
    await using rig = await createRig({ folder });
    await rig.start();
    expect(await said(rig, "hello")).toEqual(plain("hello"));
    await rig.conversation.stop({ graceMs: 5_000 });
    await rig.killSessionProcess();
    await rig.conversation.adopt();
    const from = rig.mark();
    await rig.start({ threadId: rig.threadId });
    expect(await said(rig, "again")).toEqual(plain("again"));
    expect(texts(rig, from)).toEqual(plain("again"));
    expect(rig.lastConversation().join("\n")).toContain("hello");
    expect(warnings(rig)).toEqual([]);
  }, 480_000);

test("the terminal enters a worktree: what follows is told, the phone takes over there, and the terminal comes back to it", async () => {
  await using rig = await createRig();
  repository(rig.cwd);
  await rig.start({ front: "local" });
  await rig.shows("?forshortcuts");
  let from = rig.mark();
  const typed = async (text: string): Promise<void> => {
    from = rig.mark();
    await rig.type(text);
    await rig.type("\r");
    await rig.record("turn-ended", () => true, from);
  };
  await typed("hello");
  await typed(ENTER("one"));
  await typed("inside");
  expect(texts(rig, from)).toEqual(["user: inside", "started", "agent: Echo: inside", "ended: completed"]);
  await rig.conversation.stop({ graceMs: 5_000, interrupt: true });
  await rig.start({ threadId: rig.threadId });
  const where = "run: pwd";
  from = rig.mark();
  expect(await said(rig, where)).toEqual(tool(where, "Bash"));
  const result = await rig.record("tool-result", () => true, from);
  expect(JSON.stringify(result)).toContain(join(".claude", "worktrees", "one"));
  await rig.conversation.stop({ graceMs: 5_000 });
  await rig.start({ front: "local", threadId: rig.threadId });
  await rig.shows("?forshortcuts");
  await typed("back");
  expect(texts(rig, from).slice(-4)).toEqual(["user: back", "started", "agent: Echo: back", "ended: completed"]);
  const told = texts(rig).filter((line) => line.startsWith("user: "));
  expect(told).toEqual(["user: hello", `user: ${ENTER("one")}`, "user: inside", `user: ${where}`, "user: back"]);
  expect(warnings(rig)).toEqual([]);
}, 480_000);

test("--continue takes the conversation of this folder, not that of one whose name Claude writes alike", async () => {
  await using rig = await createRig({ folder: join("书", "旅行记"), args: ["--continue"] });
  await rig.start({ args: [] });
  await turn(rig, "the journey");
  const mine = rig.threadId;
  await rig.conversation.stop({ graceMs: 5_000 });
  const sibling = join(rig.cwd, "..", "工资表");
  mkdirSync(sibling);
  const program = rig.env["HAPI_CLAUDE_PATH"] ?? "";
  const bare = promisify(execFile)(program, ["-p", "the wages"], { cwd: sibling, env: rig.env });
  bare.child.stdin?.end();
  expect((await bare).stdout).toContain("the wages");
  expect(homes(rig)).toHaveLength(1);
  await rig.anotherSession();
  await rig.start();
  await turn(rig, "go on");
  expect(rig.threadId).toBe(mine);
  expect(rig.lastConversation().join("\n")).toContain("the journey");
  expect(rig.lastConversation().join("\n")).not.toContain("the wages");
}, 480_000);
