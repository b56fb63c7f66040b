/** Viewers in a real terminal (tmux), looking at real programs. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { PassThrough } from "node:stream";
import { sessionDir } from "@hapi/platform/lean";
import { startTmux, type Tmux } from "@hapi/testkit";
import { connectHost, probeHost, runViewer, shutdownHost, type HostControl, type HostProcess, type ViewerInfo } from "../src/index.ts";
import type { ViewerInput, ViewerOutput } from "../src/viewer-terminal.ts";
import { entry, nextEvent, programEnv, startTestHost, tempHome, type TestHost } from "./harness.ts";

const bun = process.execPath;
/** Many programs on a busy machine. */
const slowMs = 240_000;

function shellIn(dir: string, env: Record<string, string> = {}): Promise<Tmux> {
  return startTmux({ argv: ["bash", "--norc", "--noprofile"], cwd: dir, env: { ...programEnv, PS1: "OUTER> ", HOME: dir, ...env } });
}

/** A terminal in which a viewer of the host runs, from a shell that says how it ended. */
async function look(host: TestHost): Promise<Tmux> {
  const terminal = await shellIn(host.home, { VIEW: `${bun} ${entry("./viewer-entry.ts")} ${host.dir}` });
  await terminal.until((screen) => screen.includes("OUTER>"));
  await terminal.type("$VIEW; echo ended=$?");
  await terminal.keys("Enter");
  return terminal;
}

/** An interactive shell under the host, on display. */
async function showShell(host: TestHost): Promise<{ control: HostControl; shell: HostProcess }> {
  const control = await host.control();
  const env = { ...programEnv, PS1: "inner> ", HOME: host.home };
  const shell = await control.spawn({ launchId: "shell", kind: "pty", argv: ["bash", "--norc", "--noprofile"], cwd: host.home, env });
  await control.setDisplay({ kind: "process", launchId: "shell" });
  return { control, shell };
}

const modes = "#{alternate_on} #{mouse_any_flag} #{cursor_flag}";
const hasEnded = (screen: string) => /^ended=\d+/m.test(screen);
/** Sets what a full-screen program sets, and stays. */
const dirty = String.raw`printf '\e[?1049h\e[?1003h\e[?1006h\e[?25l\e[H\e[31mDIR''TY'; cat`;

test(
  "keys, Ctrl-C, size and the last line: as if there were nothing between",
  async () => {
    await using host = await startTestHost();
    const { control, shell } = await showShell(host);
    await using terminal = await look(host);
    await terminal.until((screen) => screen.includes("inner>"));
    // It says itself that it is there: a Ctrl-C between two programs of a shell reaches nobody.
    await terminal.type("stty size; sh -c 'echo u''p; exec sleep 100'");
    await terminal.keys("Enter");
    await terminal.until((screen) => screen.includes("40 120") && screen.includes("\nup\n"));
    await terminal.keys("C-c");
    await terminal.type("echo interrupted=$?");
    await terminal.keys("Enter");
    await terminal.until((screen) => screen.includes("interrupted=130"));
    const resized = sizeOf(control, 90, 25);
    await terminal.resize(90, 25);
    await resized;
    await terminal.type("stty size; ps -o tty= $$; exit 7");
    await terminal.keys("Enter");
    await terminal.until((screen) => screen.includes("25 90"));
    expect(await shell.exited).toEqual({ code: 7, signal: null });
    await control.shutdown({ exitCode: 7, message: "that was all" });
    const screen = await terminal.until(hasEnded);
    expect(screen).toContain("that was all\nended=7");
  },
  slowMs,
);

test(
  "what a full-screen program says after its screen stays above the shell's prompt",
  async () => {
    await using host = await startTestHost();
    const control = await host.control();
    const says = String.raw`printf '\e[?1049h\e[5;5Hfull screen'; read x; printf '\e[?1049lone last word\ntwo last words\n'`;
    const program = await control.spawn({ launchId: "full", kind: "pty", argv: ["bash", "-c", says], cwd: host.home, env: programEnv });
    await control.setDisplay({ kind: "process", launchId: "full" });
    await using terminal = await look(host);
    await terminal.until((screen) => screen.includes("full screen"));
    await terminal.keys("Enter");
    await program.exited;
    await control.shutdown({ exitCode: 0 });
    expect(await terminal.until(hasEnded)).toContain("one last word\ntwo last words\nended=0");
  },
  slowMs,
);

test(
  "Ctrl-Z gives the shell its terminal back, fg returns to the same picture",
  async () => {
    await using host = await startTestHost();
    const { shell } = await showShell(host);
    await using terminal = await shellIn(host.home, { VIEW: `${bun} ${entry("./viewer-entry.ts")} ${host.dir}` });
    await terminal.until((screen) => screen.includes("OUTER>"));
    await terminal.type("stty -a > before; $VIEW");
    await terminal.keys("Enter");
    await terminal.until((screen) => screen.includes("inner>"));
    await terminal.type(dirty);
    await terminal.keys("Enter");
    const picture = await terminal.until((screen) => screen.includes("DIRTY"));
    expect(await terminal.format(modes)).toBe("1 1 0");
    await terminal.keys("C-z");
    await terminal.until((screen) => screen.includes("Stopped"));
    expect(await terminal.format(modes)).toBe("0 0 1");
    await terminal.type("stty -a > during; cmp before during && echo same");
    await terminal.keys("Enter");
    await terminal.until((screen) => screen.includes("\nsame"));
    await terminal.keys("f", "g", "Enter");
    expect(await terminal.until((screen) => screen.includes("DIRTY") && !screen.includes("OUTER"))).toBe(picture);
    expect(await terminal.format(modes)).toBe("1 1 0");
    await shell.signal("SIGKILL");
  },
  slowMs,
);

test(
  "whatever ends a viewer, its terminal is put back and the session goes on",
  async () => {
    await using host = await startTestHost();
    const { shell } = await showShell(host);
    const first = await look(host);
    await first.until((screen) => screen.includes("inner>"));
    await first.type(dirty);
    await first.keys("Enter");
    await first.until((screen) => screen.includes("DIRTY"));
    const viewerPid = await pidOf(first, "viewer-entry");
    process.kill(viewerPid, "SIGTERM");
    await first.until((screen) => screen.includes("ended=143"));
    expect(await first.format(modes)).toBe("0 0 1");
    // Now one that has no chance to say anything, and a terminal that is torn away.
    await first.type("$VIEW");
    await first.keys("Enter");
    await first.until((screen) => screen.includes("DIRTY"));
    process.kill(await pidOf(first, "viewer-entry"), "SIGKILL");
    await first.until((screen) => screen.includes("Killed"));
    await first[Symbol.asyncDispose]();
    const second = await look(host);
    await second.until((screen) => screen.includes("DIRTY"));
    await second[Symbol.asyncDispose]();
    let facts = await probeHost(host.dir);
    while (facts && facts.viewers.length > 0) facts = await probeHost(host.dir);
    expect(facts?.processes[0]).toMatchObject({ pid: shell.pid, exit: null });
  },
  slowMs,
);

test(
  "the death of the host itself is said in one sentence, on a clean terminal",
  async () => {
    await using host = await startTestHost();
    await showShell(host);
    await using terminal = await look(host);
    await terminal.until((screen) => screen.includes("inner>"));
    await terminal.type(dirty);
    await terminal.keys("Enter");
    await terminal.until((screen) => screen.includes("DIRTY"));
    process.kill(host.facts.pid, "SIGKILL");
    expect(await terminal.until(hasEnded)).toContain("its host is gone. Run hapi again to continue it.\nended=1");
    expect(await terminal.format(modes)).toBe("0 0 1");
  },
  slowMs,
);

test(
  "two viewers see the same; the one who typed last gives the size",
  async () => {
    await using host = await startTestHost();
    const { control } = await showShell(host);
    await using one = await look(host);
    await one.until((screen) => screen.includes("inner>"));
    const joined = nextEvent<readonly unknown[]>(
      (listener) => control.on("viewers", listener),
      (all) => all.length === 2,
    );
    await using two = await look(host);
    await joined;
    const resized = sizeOf(control, 80, 20);
    await two.resize(80, 20);
    await resized;
    await two.type("stty size; echo from''two");
    await two.keys("Enter");
    await one.until((screen) => screen.includes("20 80") && screen.includes("fromtwo"));
    const typed = nextEvent<number>((listener) => control.on("viewerTyped", listener));
    await one.type("stty size");
    await one.keys("Enter");
    await Promise.all([one, two].map((each) => each.until((screen) => screen.includes("40 120"))));
    expect(await typed).toBeGreaterThan(0);
  },
  slowMs,
);

test(
  "what the session process draws is shown instead, and gets the keys",
  async () => {
    await using host = await startTestHost();
    const { control, shell } = await showShell(host);
    await using terminal = await look(host);
    await terminal.until((screen) => screen.includes("inner>"));
    await terminal.type(dirty);
    await terminal.keys("Enter");
    await terminal.until((screen) => screen.includes("DIRTY"));
    await control.setDisplay({ kind: "controller" });
    await control.draw("\x1b[2J\x1b[Hremote now", { reset: true });
    await terminal.until((screen) => screen.startsWith("remote now"));
    expect(await terminal.format(modes)).toBe("0 0 1");
    const keys = nextEvent<{ bytes: Uint8Array }>((listener) => control.on("viewerInput", listener));
    await terminal.keys("Space");
    expect((await keys).bytes).toEqual(new Uint8Array([0x20]));
    // One who comes later sees the drawing too.
    await using late = await look(host);
    await late.until((screen) => screen.startsWith("remote now"));
    await control.setDisplay({ kind: "process", launchId: "shell" });
    await terminal.until((screen) => screen.includes("DIRTY") && !screen.includes("remote"));
    expect(await terminal.format(modes)).toBe("1 1 0");
    await shell.signal("SIGKILL");
  },
  slowMs,
);

test(
  "a second start of the same session while it runs is a second viewer",
  async () => {
    using temp = tempHome();
    const through = `${bun} ${entry("./through-entry.ts")} ${temp.home} one sh -c 'echo pid=$$; read line; exit 4'`;
    const start = () => shellIn(temp.home, { THROUGH: through });
    await using one = await start();
    await using two = await start();
    const pids: string[] = [];
    for (const each of [one, two]) {
      await each.until((screen) => screen.includes("OUTER>"));
      await each.type('eval "$THROUGH"; echo ended=$?');
      await each.keys("Enter");
      pids.push(/^pid=\d+/m.exec(await each.until((screen) => /^pid=\d+/m.test(screen)))?.[0] ?? "");
    }
    expect(pids[0]).toBe(pids[1] as string);
    await two.keys("Enter");
    for (const each of [one, two]) expect(await each.until(hasEnded)).toContain("the program has ended\nended=4");
    await shutdownHost(sessionDir(temp.home, "one"));
  },
  slowMs,
);

test(
  "the host outlives the terminal it was started from",
  async () => {
    using temp = tempHome();
    const argv = [process.execPath, entry("./through-entry.ts"), temp.home, "one", "sh", "-c", "echo begun; read line; exit 4"];
    const terminal = await startTmux({ argv, cwd: temp.home, env: programEnv });
    await terminal.until((screen) => screen.includes("begun"));
    await terminal[Symbol.asyncDispose]();
    const dir = sessionDir(temp.home, "one");
    let facts = await probeHost(dir);
    while (facts && facts.viewers.length > 0) facts = await probeHost(dir);
    expect(facts).toMatchObject({ hasController: true, processes: [{ exit: null }], session: { starts: 1 } });
    expect(await shutdownHost(dir)).toBe(true);
  },
  slowMs,
);

/** A terminal's new size travels beside its keys; what is typed at once may overtake it. */
async function sizeOf(control: HostControl, cols: number, rows: number): Promise<void> {
  await nextEvent<readonly ViewerInfo[]>(
    (listener) => control.on("viewers", listener),
    (all) => all.some((viewer) => viewer.cols === cols && viewer.rows === rows),
  );
}

async function pidOf(terminal: Tmux, word: string): Promise<number> {
  const shell = Number(await terminal.format("#{pane_pid}"));
  const children = readFileSync(`/proc/${shell}/task/${shell}/children`, "utf8").trim().split(" ").map(Number);
  const found = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(word));
  if (!found) throw new Error(`no ${word} under the shell`);
  return found;
}

test(
  "a flood passes a viewer that does not look, and the end is seen by one who does",
  async () => {
    await using host = await startTestHost();
    const control = await host.control();
    const program = await control.spawn({
      launchId: "flood",
      kind: "pty",
      argv: ["sh", "-c", "read go; seq 1 5200000; echo 'the end'; read end"],
      cwd: "/",
      env: programEnv,
    });
    await control.setDisplay({ kind: "process", launchId: "flood" });
    const stuck = await connectStuckViewer(host);
    await using terminal = await look(host);
    const again = await connectHost(host.address);
    const running = again.process("flood") as HostProcess;
    await running.write("\r");
    // 40 MB on a terminal that nobody reads at one end and a slow one at the other.
    await terminal.until((screen) => screen.includes("the end"), { timeoutMs: 400_000 });
    const facts = await probeHost(host.dir);
    expect(facts?.viewers).toHaveLength(2);
    const rss = Number(/Pss_Anon:\s+(\d+)/.exec(readFileSync(`/proc/${host.facts.pid}/smaps_rollup`, "utf8"))?.[1]);
    expect(rss).toBeLessThan(120_000);
    stuck.destroy();
    await program.signal("SIGKILL").catch(() => undefined);
  },
  slowMs,
);

/** Shakes hands as a viewer and then never reads. */
async function connectStuckViewer(host: TestHost) {
  const { openLink } = await import("../src/link.ts");
  const link = await openLink(
    { address: host.address, role: "viewer", size: { cols: 80, rows: 24 } },
    { frame: () => undefined, closed: () => undefined },
  );
  link.connection.pause();
  return link.connection;
}

test("a size that changes while the viewer attaches is told, though no event comes", async () => {
  await using host = await startTestHost();
  const control = await host.control();
  const heard = sizeOf(control, 80, 20);
  let asked = 0;
  const stdin = new PassThrough();
  // The first size is what it attaches with; it changes on the way.
  const stdout = Object.assign(new PassThrough().resume(), { rows: 20 }) as unknown as ViewerOutput;
  Object.defineProperty(stdout, "columns", { get: () => (asked++ === 0 ? 100 : 80) });
  const viewer = runViewer({ ...host.address, stdin: stdin as unknown as ViewerInput, stdout });
  await heard;
  stdin.end();
  await viewer;
});
