/** What the scripted hub was asked, one line a request: `METHOD path body`. Tests wait for lines here instead of for a time. */

export interface RequestLog {
  readonly lines: readonly string[];
  add(line: string): void;
  /** The requests so far whose line matches. */
  calls(pattern: RegExp): string[];
  /** Resolves with the first request, past or coming, whose line matches. */
  received(pattern: RegExp): Promise<string>;
  /** Resolves when this holds, looked at with every request. */
  seen(holds: () => boolean): Promise<void>;
}

/** What a request of the log carried. */
export const bodyOf = (line: string): Record<string, unknown> => JSON.parse(line.slice(line.indexOf("{"))) as Record<string, unknown>;

export function createRequestLog(): RequestLog {
  const lines: string[] = [];
  const waiting = new Set<(line: string) => void>();
  return {
    lines,
    add(line) {
      lines.push(line);
      for (const tell of waiting) tell(line);
    },
    calls: (pattern) => lines.filter((line) => pattern.test(line)),
    received: (pattern) =>
      new Promise((resolve) => {
        const known = lines.find((line) => pattern.test(line));
        if (known !== undefined) return resolve(known);
        const tell = (line: string): void => {
          if (!pattern.test(line)) return;
          waiting.delete(tell);
          resolve(line);
        };
        waiting.add(tell);
      }),
    seen: (holds) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!holds()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}
