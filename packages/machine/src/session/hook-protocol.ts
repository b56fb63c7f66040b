/** The lines between `hapi hook` or `hapi mcp` and the session's door: one JSON object each way per call. Imported by both: keep it free of imports. */

export const HOOK_TOKEN_ENV = "HAPI_HOOK_TOKEN";
/** A hook's input holds a tool's input, which holds files. */
export const MAX_HOOK_LINE_BYTES = 32 * 1024 * 1024;

export interface HookRequestLine {
  /** Made once per call; the same when the bridge comes back after a restart of the session process. */
  id: string;
  token: string;
  /** A hook's. */
  payload?: unknown;
  /** The agent calls one of HAPI's own tools; `hello`: the process that will carry such calls has begun. */
  tool?: ToolCall | "hello";
}

export interface ToolCall {
  name: string;
  arguments: unknown;
}

/** What the agent reads. */
export interface ToolAnswer {
  text: string;
  isError?: true;
}

/** `refused`: the token, the caller or the line is wrong; trying again is useless. */
export type HookResponseLine = { id: string; answer: unknown } | { id: string; refused: string };
