/** A box that holds: real programs in bubblewrap, and a real session whose agent is in one. */
import { afterAll, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostControl } from "@hapi/host";
import { attempt, descendants, findProgram, runCommand } from "@hapi/platform";
import { type Box, type BoxPlace, boxWords } from "../../src/session/box.ts";
import { boxedHost, requireBox } from "../../src/session/boxed-host.ts";
import { createProcessWorld } from "./process-world.ts";

const bwrap = findProgram("bwrap") ?? "";
const boxed = test.skipIf(bwrap === "");

const root = realpathSync(mkdtempSync(join(tmpdir(), "machine-box-")));
const outside = realpathSync(mkdtempSync("/var/tmp/machine-box-"));
afterAll(() => [root, outside].forEach((folder) => rmSync(folder, { recursive: true, force: true })));
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

const looks = {
  exists: existsSync,
  realPath: (path: string) => attempt(() => realpathSync(path), "not there") ?? null,
  linkTarget: (path: string) => attempt(() => readlinkSync(path), "not a link") ?? null,
};

async function inBox(
  script: string,
  box: Box = { network: true },
  cwd = at("user", "work"),
  other: Partial<BoxPlace> = {},
): Promise<string> {
  const argv = ["/bin/sh", "-c", script, "sh", join(other.sessionDir ?? sessionDir, "overlay.json")];
  const place = {
    home,
    userHome: at("user"),
    cwd,
    sessionDir,
    ownPaths: [at("user", ".agent")],
    sockets: [],
    programs: [],
    path: "/bin:/usr/bin",
    ...other,
  };
  const { stdout, stderr } = await runCommand([...boxWords({ bwrap, box, place, argv, looks }), ...argv], {
    cwd: "/",
    env: { PATH: "/bin:/usr/bin", HOME: place.userHome },
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
  const said = await inBox("echo ran; ls ~/.hapi/sessions; cat ~/.hapi/hub.sqlite", undefined, at("user"));
  expect(said).toStartWith("ran\nmine\ncat:");
  expect(said).not.toContain("secret");
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

boxed(
  "a home of HAPI that is a link, in a HOME that is one, is hidden where it leads; what was given is there under its own name",
  async () => {
    // Not below /tmp, which is another one in the box.
    const at = (...words: string[]): string => join(outside, ...words);
    mkdirSync(at("data/hapi/sessions/mine/uploads"), { recursive: true });
    mkdirSync(at("data/settings"));
    mkdirSync(at("moved/work"), { recursive: true });
    for (const file of ["hub.sqlite", "sessions/mine/host.json"]) writeFileSync(at("data/hapi", file), "secret");
    writeFileSync(at("data/hapi/sessions/mine/overlay.json"), "overlay");
    writeFileSync(at("data/settings/state"), "own");
    for (const [target, link] of [
      [at("data/hapi"), at("moved/.hapi")],
      [at("data/settings"), at("moved/.agent")],
      [at("moved"), at("linked")],
      [at("moved/work"), at("moved/link")],
    ] as const)
      symlinkSync(target, link);
    const script = `pwd; cat ~/.hapi/hub.sqlite ${at("data/hapi/hub.sqlite")} ~/.hapi/sessions/mine/host.json ${at("data/hapi/sessions/mine/host.json")}; cat $1 ~/.agent/state; touch made && echo written`;
    for (const userHome of [at("moved"), at("linked")])
      for (const cwd of [join(userHome, "work"), join(userHome, "link"), userHome, at("data")]) {
        const linked = {
          home: join(userHome, ".hapi"),
          userHome,
          sessionDir: join(userHome, ".hapi/sessions/mine"),
          ownPaths: [join(userHome, ".agent")],
        };
        const said = await inBox(script, undefined, cwd, linked);
        expect(said).not.toContain("secret");
        expect(said).toContain("overlayownwritten");
        for (const closed of [at("data/hapi"), at("data/hapi/sessions"), linked.home])
          await expect(inBox(":", undefined, closed, linked)).rejects.toMatchObject({ code: "sandbox_unavailable" });
      }
  },
);

boxed("a program that lies in the HOME itself, and a PATH that names the HOME, give that program and not the HOME", async () => {
  writeFileSync(at("user", "tool"), "#!/bin/sh\necho the tool", { mode: 0o700 });
  symlinkSync(at("user"), at("to-user"));
  mkdirSync(at("user/tools/bin"), { recursive: true });
  writeFileSync(at("user/tools/bin/other"), "#!/bin/sh\necho another", { mode: 0o700 });
  const path = [`${at("user")}/`, at("user", "work", ".."), at("to-user"), root, `${at("user/tools/bin")}/`].join(":");
  for (const program of [at("user", "tool"), `${at("user")}//tool`, at("to-user", "tool")]) {
    const said = await inBox(`${program}; ~/tools/bin/other; cat ~/.ssh/id`, undefined, undefined, { programs: [program], path });
    expect(said).toStartWith("the tool\nanother\n");
    expect(said).not.toContain("secret");
  }
});

boxed("a folder that would lay the whole system over what is hidden is refused in words", async () => {
  symlinkSync("/", at("to-all"));
  for (const cwd of ["/", at(), "/tmp", "/tmp/", "/run", "/proc", "/proc/self", "/dev", at("to-all"), `${at("user")}/..`])
    await expect(inBox(":", undefined, cwd)).rejects.toMatchObject({
      code: "sandbox_unavailable",
      message: expect.stringContaining("Choose a folder of its own"),
    });
});

boxed("other processes are not seen, and without the network nothing is reached", async () => {
  expect(await inBox(`ls -d /proc/${process.pid} || echo none`)).toContain("none");
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { open: (socket) => void socket.end("reached"), data: () => undefined },
  });
  const ask = `echo asked; bash -c 'exec 3<>/dev/tcp/127.0.0.1/${server.port} && cat <&3' || echo not answered`;
  try {
    expect(await inBox(ask)).toBe("asked\nreached");
    const without = await inBox(ask, { network: false });
    expect(without).toStartWith("asked\nnot answered");
    expect(without).not.toContain("reached");
  } finally {
    server.stop(true);
  }
});

boxed(
  "a link that the agent leaves in its folder leads the next sandbox nowhere: neither its settings' place, nor a program's, nor HAPI's home",
  async () => {
    for (const folder of ["user/turned/real", "user/turned/to"]) mkdirSync(at(folder), { recursive: true });
    const cwd = at("user/turned");
    symlinkSync(at("user/.ssh"), join(cwd, "bin"));
    symlinkSync(join(cwd, "bin"), at("user/bin-of-turned"));
    const read = `echo ran; cat ${at("user/.ssh/id")}`;
    const path = [join(cwd, "bin"), at("user/bin-of-turned")].join(":");
    const programs = [join(cwd, "bin", "id"), at("user/bin-of-turned/id")];
    expect(await inBox(read, undefined, cwd, { path, programs })).toMatch(/^ran\ncat: .*No such file/);
    for (const [link, target] of [
      [".settings", at("user/.ssh")],
      [".home", home],
      [".other", join(home, "sessions", "other")],
      [".above", at("user")],
    ] as const) {
      symlinkSync(target, join(cwd, link));
      await expect(inBox(read, undefined, cwd, { ownPaths: [join(cwd, link)] })).rejects.toMatchObject({
        code: "sandbox_unavailable",
        message: expect.stringContaining(join(cwd, link)),
      });
    }
    // Also in the HOME as the folder, where links are the person's: never HAPI's own.
    symlinkSync(home, at("user/.planted"));
    await expect(inBox(read, undefined, at("user"), { ownPaths: [at("user/.planted")] })).rejects.toMatchObject({
      code: "sandbox_unavailable",
    });
    symlinkSync(join(cwd, "real"), join(cwd, ".inside"));
    expect(await inBox("touch .inside/made && echo made", undefined, cwd, { ownPaths: [join(cwd, ".inside")] })).toBe("made");
  },
);

boxed("sockets in /tmp, /run and the HOME are not there; without the network an abstract one neither", async () => {
  const name = `hapi-box-${process.pid}`;
  const servers = [at("user", "agent.sock"), at("tmp.sock"), `\0${name}`].map((path) => createServer().listen(path));
  const ask = `for f in ~/agent.sock ${at("tmp.sock")}; do test -S $f && echo there; done; ls -A /run; echo asked; grep -o ${name} /proc/net/unix`;
  try {
    await Promise.all(servers.map((server) => once(server, "listening")));
    expect([existsSync(at("user", "agent.sock")), existsSync(at("tmp.sock"))]).toEqual([true, true]);
    // What the network's part of the system shows is what can be reached by name.
    expect(await inBox(ask)).toBe(`asked\n${name}`);
    expect(await inBox(ask, { network: false })).toBe("asked");
  } finally {
    for (const server of servers) server.close();
  }
});

boxed("also root's agent has none of root's powers: it can't take away what hides, nor tell the kernel what to run", async () => {
  const said = await inBox(
    `umount -l ~/.hapi || echo kept; umount -l ${at("user")} || echo kept; mount -o remount,bind,rw / || echo kept; cat ~/.hapi/hub.sqlite ~/.ssh/id
    for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sysrq-trigger; do test -w $f && echo open; done; grep CapEff /proc/self/status`,
  );
  expect(said.match(/^kept$/gm)).toHaveLength(3);
  expect(said).toMatch(/CapEff:\s+0{16}$/m);
  expect(said).not.toContain("secret");
  expect(said).not.toContain("open\n");
});

boxed("what makes the box is the system's, not a program of that name in a folder that the agent writes", async () => {
  const bin = at("user", "work", "node_modules", ".bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "bwrap"), `#!/bin/sh\ntouch ${at("ran-outside")}`, { mode: 0o700 });
  const spawned: string[][] = [];
  const host = { spawn: async ({ argv }: { argv: string[] }) => void spawned.push(argv) } as unknown as HostControl;
  const driver = { displayName: "Demo", ownPaths: () => ({ folders: [], files: [] }) };
  const place = { home, sessionDir, cwd: at("user", "work"), sockets: [] };
  const env = { PATH: `${bin}:${process.env["PATH"]}`, HOME: at("user") };
  await boxedHost(host, { box: { network: true }, driver, ...place }).spawn({
    kind: "pipe",
    launchId: "one",
    argv: ["/bin/true"],
    cwd: place.cwd,
    env,
  });
  expect(spawned.map(([program]) => program)).toEqual([bwrap]);
  expect(existsSync(at("ran-outside"))).toBe(false);
});

boxed("a folder that was replaced by a link since its session was begun is not given in its place", async () => {
  symlinkSync(at("user/.ssh"), at("user/replaced"));
  const spawned: unknown[] = [];
  const host = { spawn: async (spec: unknown) => void spawned.push(spec) } as unknown as HostControl;
  const driver = { displayName: "Demo", ownPaths: () => ({ folders: [], files: [] }) };
  const cwd = at("user/replaced");
  const given = boxedHost(host, { box: { network: true }, driver, home, sessionDir, cwd, sockets: [] });
  const spec = { kind: "pipe" as const, launchId: "one", argv: ["/bin/true"], cwd, env: { HOME: at("user"), PATH: "/bin" } };
  await expect(given.spawn(spec)).rejects.toMatchObject({ code: "sandbox_unavailable", message: expect.stringContaining(at("user/.ssh")) });
  expect(spawned).toEqual([]);
});

test("where it can't be had, that is said in words", async () => {
  const ownPaths = () => ({ folders: [], files: [] });
  await expect(requireBox({ displayName: "Demo" })).rejects.toMatchObject({
    code: "sandbox_unavailable",
    message: expect.stringContaining("Demo can't be run in a sandbox yet"),
  });
  await expect(requireBox({ displayName: "Demo", ownPaths }, "/nowhere")).rejects.toMatchObject({
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
