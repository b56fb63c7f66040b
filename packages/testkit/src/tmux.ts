/**
 * A real terminal for tests: one tmux server on a private socket, without the user's configuration. Screens are read back as text, with or
 * without colours. Waiting is for a condition on the screen, never for time.
 */
import { delay, findProgram, randomToken, runCommand } from "@hapi/platform/lean";

export interface TmuxOptions {
  /** Started in the pane; the pane stays when it has ended. */
  argv: readonly string[];
  cwd: string;
  /** The whole environment; TERM is set by tmux. */
  env: Readonly<Record<string, string>>;
  cols?: number;
  rows?: number;
}

export interface Tmux extends AsyncDisposable {
  /** tmux key names: `C-c`, `Enter`, `Up`. */
  keys(...names: string[]): Promise<void>;
  /** Verbatim text, no key names. */
  type(text: string): Promise<void>;
  /** The visible screen; with `colours` as escape sequences. */
  screen(options?: { colours?: boolean }): Promise<string>;
  /** With what has scrolled out above. */
  history(): Promise<string>;
  resize(cols: number, rows: number): Promise<void>;
  /** Waits until the screen satisfies `test`; fails with the last screen. */
  until(test: (screen: string) => boolean, options?: { timeoutMs?: number; what?: string }): Promise<string>;
  /** Waits until two looks in a row, `quietMs` apart, see the same. */
  settled(quietMs?: number): Promise<string>;
  /**
   * Value of a tmux format in the pane, such as `#{alternate_on}`. Not for the end of the program: tmux 3.3 sometimes misses it (the program
   * stays a zombie); run the program from a shell that prints `$?`.
   */
  format(text: string): Promise<string>;
}

export function hasTmux(): boolean {
  return findProgram("tmux") !== null;
}

const lookEveryMs = 15;

export async function startTmux(options: TmuxOptions): Promise<Tmux> {
  const { argv, cwd, env, cols = 120, rows = 40 } = options;
  const server = ["tmux", "-L", `hapi-test-${randomToken(6).replaceAll("-", "x")}`, "-f", "/dev/null"];
  const clientEnv = { PATH: process.env["PATH"], LANG: "C.UTF-8", TERM: "xterm-256color", HOME: cwd };
  const run = async (...args: string[]) => {
    const result = await runCommand([...server, ...args], { cwd, env: clientEnv });
    if (result.code !== 0) throw new Error(`tmux ${args[0]}: ${result.stderr.trim()}`);
    return result.stdout;
  };
  const words = ["env", "-i", "TERM=tmux-256color", ...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...argv];
  // One command line for the server, so that the options hold before the program starts.
  await run(
    ...["start-server", ";", "set", "-g", "remain-on-exit", "on", ";", "set", "-g", "history-limit", "20000", ";"],
    ...["set", "-g", "status", "off", ";", "set", "-sg", "escape-time", "0", ";", "set", "-g", "default-terminal", "tmux-256color", ";"],
    ...["new-session", "-d", "-x", String(cols), "-y", String(rows), "--", ...words],
  );
  const screen = (look: { colours?: boolean } = {}) => run("capture-pane", "-p", ...(look.colours ? ["-e"] : []));
  return {
    async keys(...names) {
      await run("send-keys", ...names);
    },
    async type(text) {
      await run("send-keys", "-l", "--", text);
    },
    screen,
    history: () => run("capture-pane", "-p", "-S", "-"),
    async resize(newCols, newRows) {
      await run("resize-window", "-x", String(newCols), "-y", String(newRows));
    },
    async until(test, { timeoutMs = 40_000, what = "the expected screen" } = {}) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const now = await screen();
        if (test(now)) return now;
        if (Date.now() > deadline) throw new Error(`${what} did not come. Last screen:\n${now}`);
        await delay(lookEveryMs);
      }
    },
    async settled(quietMs = 150) {
      for (let last = await screen({ colours: true }); ;) {
        await delay(quietMs);
        const now = await screen({ colours: true });
        if (now === last) return now;
        last = now;
      }
    },
    format: async (text) => (await run("display-message", "-p", text)).trimEnd(),
    async [Symbol.asyncDispose]() {
      await run("kill-server").catch(() => undefined);
    },
  };
}
