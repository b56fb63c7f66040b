/** What a turn used: the sum over its answers, as OpenCode counts it (`tokens.input` is without what came from the cache). */
import type { TokenUsage } from "@hapi/protocol";
import { fields, filled, number } from "../shared/read.ts";
import type { Message } from "./mirror.ts";

interface Counted {
  input: number;
  output: number;
  read: number;
  write: number;
  cost: number;
}

function countedIn({ info }: Message): Counted {
  const tokens = fields(info["tokens"]);
  const cache = fields(tokens["cache"]);
  return {
    input: number(tokens["input"]) ?? 0,
    output: (number(tokens["output"]) ?? 0) + (number(tokens["reasoning"]) ?? 0),
    read: number(cache["read"]) ?? 0,
    write: number(cache["write"]) ?? 0,
    cost: number(info["cost"]) ?? 0,
  };
}

/** `provider/model` of an answer. */
export function modelOf({ info }: Message): string | undefined {
  const model = fields(info["model"]);
  const provider = filled(info["providerID"]) ?? filled(model["providerID"]);
  const id = filled(info["modelID"]) ?? filled(model["modelID"]);
  return provider !== undefined && id !== undefined ? `${provider}/${id}` : undefined;
}

/** Undefined where no model was heard of at all. */
export function usageOf(answers: readonly Message[], windows: ReadonlyMap<string, number>): TokenUsage | undefined {
  const counted = answers.map(countedIn).filter(({ input, output, read }) => input + output + read > 0);
  const last = counted.at(-1);
  if (!last) return undefined;
  const sum = (key: keyof Counted) => counted.reduce((total, one) => total + one[key], 0);
  const model = answers.map(modelOf).findLast((one) => one !== undefined);
  const contextWindow = model === undefined ? undefined : windows.get(model);
  return {
    inputTokens: sum("input"),
    outputTokens: sum("output"),
    cacheReadTokens: sum("read"),
    cacheCreationTokens: sum("write"),
    contextTokens: last.input + last.output + last.read + last.write,
    ...(contextWindow ? { contextWindow } : {}),
    costUsd: sum("cost"),
    ...(model === undefined ? {} : { model }),
  };
}
