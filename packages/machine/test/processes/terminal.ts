/** A person's terminal for tests: a program on a PTY, its screen as a real terminal would show it. */
import { openPty, type ProcessExit } from "@hapi/platform";
import { Terminal } from "@xterm/headless";

export interface TestTerminal {
  readonly exited: Promise<ProcessExit>;
  type(text: string): void;
  resize(cols: number, rows: number): void;
  lines(): string[];
  until(test: (screen: string) => boolean, what: string): Promise<string>;
  kill(): void;
}

const UNTIL_MS = 60_000;

export function openTerminal(
  argv: readonly string[],
  options: { env: Record<string, string>; cwd: string; cols?: number; rows?: number },
): TestTerminal {
  const { cols = 80, rows = 24, env, cwd } = options;
  const emulator = new Terminal({ cols, rows, allowProposedApi: true });
  const watchers = new Set<() => void>();
  const pty = openPty({
    argv,
    cwd,
    env: { ...env, TERM: "xterm-256color" },
    cols,
    rows,
    onData: (bytes) =>
      emulator.write(bytes.slice(), () => {
        for (const look of watchers) look();
      }),
  });
  // What a terminal answers by itself.
  emulator.onData((text) => void pty.write(Buffer.from(text)));

  function lines(): string[] {
    const { active } = emulator.buffer;
    return Array.from({ length: emulator.rows }, (_, row) => active.getLine(active.viewportY + row)?.translateToString(true) ?? "");
  }

  return {
    exited: pty.exited,
    type: (text) => void pty.write(Buffer.from(text)),
    resize(wide, high) {
      emulator.resize(wide, high);
      pty.resize(wide, high);
    },
    lines,
    until(test, what) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const screen = lines().join("\n");
          if (!test(screen)) return;
          watchers.delete(look);
          clearTimeout(timer);
          resolve(screen);
        };
        const timer = setTimeout(() => {
          watchers.delete(look);
          reject(new Error(`never on the screen: ${what}\n${lines().join("\n")}`));
        }, UNTIL_MS);
        watchers.add(look);
        look();
      });
    },
    kill: () => pty.signal("SIGKILL"),
  };
}
