/** How the runner's line to its hub stands, as its control socket tells it. */

interface Line {
  connected: boolean;
  /** Of this state; milliseconds. */
  since: number;
  refused: { code: string; message: string } | null;
}

/** Null: a runner from before it said this. */
export function lineOf(answer: unknown): Line | null {
  const line = (answer as { line?: unknown } | null)?.line as Partial<Line> | undefined;
  return typeof line?.connected === "boolean" && typeof line.since === "number"
    ? { connected: line.connected, since: line.since, refused: line.refused ?? null }
    : null;
}

export const isUsable = (line: Line | null): boolean => line === null || line.connected;

export function refusalText({ message }: { message: string }): string {
  return `the hub refuses it (${message}). Sign in with: hapi auth login, then: hapi runner stop, hapi runner start`;
}
