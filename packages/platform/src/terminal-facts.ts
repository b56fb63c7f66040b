/**
 * Whether there is a terminal and how large it is, asked without the runtime's streams: to make those takes longer than everything else that is
 * done before an agent's first paint. The binding is that of the packaged runtime; where it is missing the streams are asked.
 */

interface Binding {
  isTTY(fd: number): boolean;
  TTY: new (fd: number, context: object) => { getWindowSize(size: [cols: number, rows: number]): unknown };
}

const binding = (): Binding | null => {
  try {
    return (process as unknown as { binding(name: string): Binding }).binding("tty_wrap");
  } catch {
    return null;
  }
};

export function isTerminal(fd: 0 | 1 | 2): boolean {
  const found = binding();
  if (found) return found.isTTY(fd);
  return [process.stdin, process.stdout, process.stderr][fd]?.isTTY === true;
}

/** Of the terminal at our stdout; undefined where there is none. */
export function terminalSize(): { cols: number; rows: number } | undefined {
  if (!isTerminal(1)) return undefined;
  const found = binding();
  const size: [number, number] = [0, 0];
  if (found) new found.TTY(1, {}).getWindowSize(size);
  const [cols, rows] = size[0] > 0 ? size : [process.stdout.columns, process.stdout.rows];
  return cols > 0 && rows > 0 ? { cols, rows } : undefined;
}
