/** The lines between `hapi hook` and the session's hook server: one JSON object each way per hook. Imported by the bridge: keep it free of imports. */

export const HOOK_TOKEN_ENV = "HAPI_HOOK_TOKEN";
/** A hook's input holds a tool's input, which holds files. */
export const MAX_HOOK_LINE_BYTES = 32 * 1024 * 1024;

export interface HookRequestLine {
  /** Made once per hook; the same when the bridge comes back after a restart of the session process. */
  id: string;
  token: string;
  payload: unknown;
}

/** `refused`: the token or the line is wrong; trying again is useless. */
export type HookResponseLine = { id: string; answer: unknown } | { id: string; refused: string };
