/**
 * Our control requests to Claude and their answers. Every wait has a deadline; when the process ends, everything that waits fails at once.
 */
import type { Clock } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol";
import { type Json, obj, str } from "./json.ts";

export interface Control {
  request(subtype: string, fields?: Json, timeoutMs?: number): Promise<Json>;
  /** True when the line answered one of ours. */
  settle(response: Json): boolean;
  fail(cause: AppError): void;
}

/** A Claude that has not answered by then may be frozen. */
export const ANSWER_MS = 15_000;
/** Marks our ids: Claude repeats our own answers to its requests on stdout, those have its ids. */
const PREFIX = "hapi-";

export class ControlRefused extends Error {
  readonly code: string | undefined;
  constructor(message: string, code: string | undefined) {
    super(message);
    this.name = "ControlRefused";
    this.code = code;
  }
}

interface Waiting {
  resolve(value: Json): void;
  reject(cause: Error): void;
  cancelLate(): void;
}

export function createControl(
  send: (line: Json) => Promise<void>,
  { clock, uuid, answerMs = ANSWER_MS }: { clock: Clock; uuid(): string; answerMs?: number | undefined },
): Control {
  const waiting = new Map<string, Waiting>();

  const take = (id: string): Waiting | undefined => {
    const found = waiting.get(id);
    waiting.delete(id);
    found?.cancelLate();
    return found;
  };

  return {
    request(subtype, fields = {}, timeoutMs = answerMs) {
      const id = `${PREFIX}${uuid()}`;
      return new Promise<Json>((resolve, reject) => {
        const cancelLate = clock.setTimer(timeoutMs, () =>
          take(id)?.reject(new AppError("timeout", `Claude Code did not answer ${subtype} in time`)),
        );
        waiting.set(id, { resolve, reject, cancelLate });
        send({ type: "control_request", request_id: id, request: { ...fields, subtype } }).catch((cause: Error) => take(id)?.reject(cause));
      });
    },
    settle(response) {
      const id = str(response["request_id"]) ?? "";
      if (!id.startsWith(PREFIX)) return false;
      const found = take(id);
      if (response["subtype"] === "success") found?.resolve(obj(response["response"]));
      else found?.reject(new ControlRefused(str(response["error"]) ?? "refused", str(response["error_code"])));
      return true;
    },
    fail(cause) {
      for (const id of [...waiting.keys()]) take(id)?.reject(cause);
    },
  };
}
