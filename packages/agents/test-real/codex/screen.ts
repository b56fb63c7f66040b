/** A terminal for one program on a PTY: answers what programs ask of their terminal, and shows the text it wrote. */
import type { HostProcess } from "@hapi/host";
import { ignore } from "@hapi/platform/lean";

export interface Screen {
  /** Resolves when it was shown since the beginning. */
  shows(text: string): Promise<void>;
  /** Resolves when it is shown from now on. */
  asks(text: string): Promise<void>;
  /** Words and Enter; Enter once the words are echoed. */
  type(text: string): Promise<void>;
  /** A key in a dialog, until it is taken: Codex ignores keys in the first moments of one. Again whenever the screen moves. */
  press<T>(key: string, until: Promise<T>): Promise<T>;
  stop(): void;
}

/** Cursor, device, colours. */
const QUESTIONS: readonly [asked: string, answer: string][] = [
  ["\x1b[6n", "\x1b[1;1R"],
  ["\x1b[c", "\x1b[?1;2c"],
  ["\x1b]10;?", "\x1b]10;rgb:ffff/ffff/ffff\x1b\\"],
  ["\x1b]11;?", "\x1b]11;rgb:0000/0000/0000\x1b\\"],
];

// eslint-disable-next-line no-control-regex
const CONTROLS = /\x1b(\[[0-9;?<>=]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][A-Z0-9]|.)/g;
const plain = (text: string): string => text.replace(CONTROLS, "").replace(/\s+/g, "");

export function openScreen(process: HostProcess): Screen {
  const gone = new AbortController();
  const listeners = new Set<() => void>();
  let written = "";

  async function read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const { bytes } of process.read("out", 0, gone.signal)) {
      const text = decoder.decode(bytes, { stream: true });
      for (const [asked, answer] of QUESTIONS) if (text.includes(asked)) await process.write(answer);
      written += text;
      for (const listener of listeners) listener();
    }
  }
  ignore(read(), "the program is over");

  /** Words are wrapped and moved about: their letters are what counts. */
  function until(text: string, from: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!plain(written.slice(from)).includes(plain(text))) return;
        listeners.delete(look);
        resolve();
      };
      listeners.add(look);
      look();
    });
  }

  return {
    shows: (text) => until(text, 0),
    asks: (text) => until(text, written.length),
    async type(text) {
      const from = written.length;
      await process.write(text);
      await until(text.slice(-6), from);
      await process.write("\r");
    },
    async press(key, until) {
      const again = () => ignore(process.write(key), "the program is over");
      listeners.add(again);
      again();
      return until.finally(() => listeners.delete(again));
    },
    stop: () => gone.abort(),
  };
}
