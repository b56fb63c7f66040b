/** How a turn of the demo agent ends early: the person stopped it, or the (pretended) model service failed. */
import { RequestError } from "@agentclientprotocol/sdk";

export class Cancelled extends Error {}

/** Never resolves; rejects when the turn is cancelled. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(new Cancelled());
    signal.addEventListener("abort", () => reject(new Cancelled()), { once: true });
  });
}

/** Instead of a status: the connection was lost before the answer had ended. */
export const CONNECTION_LOST = 0;

export class ModelError extends RequestError {
  readonly status: number;
  constructor(status: number, message: string) {
    super(-32603, message, {
      ...(status === CONNECTION_LOST ? {} : { httpStatus: status }),
      ...(status === 429 ? { retryAfterMs: 1000 } : {}),
    });
    this.status = status;
  }
}

const sentences: Readonly<Record<number, string>> = {
  [CONNECTION_LOST]: "The network connection to the model was lost in the middle of its answer",
  400: "The request is not valid",
  401: "The key is not valid",
  429: "Rate limit reached. Try again in a moment.",
  500: "The model service had an internal error",
  529: "The model is overloaded. Try again in a moment.",
};

export function modelError(status: number, message: string | null): ModelError {
  return new ModelError(status, message ?? sentences[status] ?? `The model service answered ${status}`);
}
