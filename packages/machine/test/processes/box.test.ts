/** A box that holds: real programs in bubblewrap, and a real session whose agent is in one. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt, descendants, findProgram, runCommand } from "@hapi/platform";
import { type Box, boxWords } from "../../src/session/box.ts";
import { requireBox } from "../../src/session/boxed-host.ts";
import { createProcessWorld } from "./process-world.ts";

const bwrap = findProgram("bwrap") ?? "";
const boxed = test.skipIf(bwrap === "");

const root = realpathSync(mkdtempSync(join(tmpdir(), "machine-box-")));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const at = (...words: string[]): string => join(root, ...words);
const home = at("user", ".hapi");
const sessionDir = join(home, "sessions", "mine");
for (const folder of [
  "user/.agent",
  "user/work",
  "user/.ssh",
  "user/.hapi/sessions/mine/uploads",
  "user/.hapi/sessions/other",
  "elsewhere",
])
  mkdirSync(at(folder), { recursive: true });
for (const file of [
  ".hapi/hub.sqlite",
  ".hapi/sessions/other/ledger.jsonl",
  ".hapi/sessions/mine/hub-access.json",
  ".hapi/sessions/mine/host.json",
  ".ssh/id",
])
  writeFileSync(at("user", file), "secret");
writeFileSync(join(sessionDir, "overlay.json"), "overlay");
writeFileSync(join(sessionDir, "uploads", "picture"), "uploaded");

const looks = { exists: existsSync, realPath: (path: string) => attempt(() => realpathSync(path), "not there") ?? null };

async function inBox(script: string, box: Box = { network: true }, cwd = at("user", "work")): Promise<string> {
  const argv = ["/bin/sh", "-c", script, "sh", join(sessionDir, "overlay.json")];
  const place = {
    home,
    userHome: at("user"),
    cwd,
    sessionDir,
    ownPaths: [at("user", ".agent")],
    sockets: [],
    programs: [],
    path: "/bin:/usr/bin",
  };
  const { stdout, stderr } = await runCommand([...boxWords({ bwrap, box, place, argv, looks }), ...argv], {
    cwd: "/",
    env: { PATH: "/bin:/usr/bin", HOME: at("user") },
    timeoutMs: 20_000,
  });
  return `${stdout}${stderr}`.trim();
}

boxed("a write outside fails or stays in the box; in the folder and in the agent's own settings it is one", async () => {
  const outside = at("elsewhere", "x");
  const said = await inBox(
    `touch /usr/x ${outside} && echo written; echo in > made; echo own > ~/.agent/state; echo lost > ~/note; cat ~/note`,
  );
  expect(said).toContain("Read-only file system");
  expect(said).not.toContain("written");
  expect(said).toStartWith("lost");
  expect([existsSync("/usr/x"), existsSync(outside), existsSync(at("user", "note"))]).toEqual([false, false, false]);
  expect([readFileSync(at("user", "work", "made"), "utf8"), readFileSync(at("user", ".agent", "state"), "utf8")]).toEqual([
    "in\n",
    "own\n",
  ]);
});

boxed(
  "the hub's files, other sessions, this session's own secrets and the rest of the HOME are not there; what it was given is",
  async () => {
    const said = await inBox(
      `for f in ~/.hapi/hub.sqlite ~/.hapi/sessions/other/ledger.jsonl ~/.hapi/sessions/mine/hub-access.json ~/.hapi/sessions/mine/host.json ~/.ssh/id; do cat $f; done; cat $1 ~/.hapi/sessions/mine/uploads/picture; ls ~/.hapi/sessions`,
    );
    expect(said).not.toContain("secret");
    expect(said.match(/No such file/g)?.length).toBe(5);
    expect(said).toContain("overlayuploadedmine");
  },
);

boxed("also where the folder is the whole HOME, and never a folder of HAPI's own", async () => {
  expect(await inBox("cat ~/.hapi/hub.sqlite; cat .ssh/id", undefined, at("user"))).toStartWith("secretcat");
  expect(await inBox("cat ~/.hapi/hub.sqlite; ls ~/.hapi/sessions", undefined, at("user"))).not.toContain("secret");
  expect(() =>
    boxWords({
      bwrap,
      box: { network: true },
      place: { home, userHome: at("user"), cwd: sessionDir, sessionDir, ownPaths: [], sockets: [], programs: [], path: "" },
      argv: [],
      looks,
    }),
  ).toThrow("can't be used in a sandbox");
});

boxed("other processes are not seen, and without the network nothing is reached", async () => {
  expect(await inBox(`ls -d /proc/${process.pid} || echo none`)).toContain("none");
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: (socket) => void socket.end("reached"), data: () => undefined },
  });
  const ask = `exec 3<>/dev/tcp/127.0.0.1/${server.port} && cat <&3`;
  try {
    expect(await inBox(`bash -c '${ask}'`)).toBe("reached");
    expect(await inBox(`bash -c '${ask}'`, { network: false })).not.toContain("reached");
  } finally {
    server.stop(true);
  }
});

test("where it can't be had, that is said in words", async () => {
  const ownPaths = () => ({ folders: [], files: [] });
  await expect(requireBox({ displayName: "Demo" }, {})).rejects.toMatchObject({
    code: "sandbox_unavailable",
    message: expect.stringContaining("Demo can't be run in a sandbox yet"),
  });
  await expect(requireBox({ displayName: "Demo", ownPaths }, { PATH: "/nowhere" })).rejects.toMatchObject({
    code: "sandbox_unavailable",
    message: expect.stringContaining("bubblewrap"),
  });
});

boxed(
  "a session in a box: its agent works, shows that it is in one, and sees nothing of HAPI but what it was given",
  async () => {
    await using world = await createProcessWorld({ session: { box: { network: false } } });
    const home = join(world.root, "home");
    expect(await world.until(async () => (await world.api.sessions.get(world.sessionId)).metadata?.sandbox, "shown at the hub")).toEqual({
      network: false,
    });
    await world.send("say: from the box");
    await world.until(async () => world.agentRecord().said.includes("from the box"), "it works");
    const { processes } = await world.facts();
    const agent = processes.find(({ exit }) => exit === null)?.pid ?? 0;
    expect(readFileSync(`/proc/${agent}/cmdline`, "utf8")).toStartWith(bwrap);
    const inside = descendants(agent).at(-1) ?? 0;
    const seen = (path: string): string[] => readdirSync(join(`/proc/${inside}/root`, path)).toSorted();
    expect(seen(home)).toEqual(["run", "sessions"]);
    expect(seen(join(home, "sessions"))).toEqual([world.sessionId]);
    expect(seen(join(home, "sessions", world.sessionId))).toEqual(["demo-answers", "uploads"]);
  },
  120_000,
);
