import type { ModelChoice } from "@hapi/protocol";
import { filled } from "./read.ts";

/** What a model's entry says of its efforts; absent where it has no choice. */
export function offeredEfforts(words: readonly unknown[]): Pick<ModelChoice, "efforts"> {
  const efforts = words.flatMap((word) => filled(word) ?? []);
  return efforts.length > 0 ? { efforts } : {};
}
