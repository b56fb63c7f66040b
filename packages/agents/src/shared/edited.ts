/** An answer that allows something else than was asked, for an agent whose protocol has no field for that. */
import { isDeepStrictEqual } from "node:util";
import type { AgentRequest, RequestAnswer } from "../driver.ts";

const EDITED = "This agent can't take an edited input, so nothing was allowed";

/** What was asked is not what the person allowed: then it is a refusal, and says why. Any other answer is as it was given. */
export function refusingEdits({ input }: Pick<AgentRequest, "input">, answer: RequestAnswer): RequestAnswer {
  const isEdited = answer.behavior === "allow" && answer.updatedInput !== undefined && !isDeepStrictEqual(answer.updatedInput, input);
  return isEdited ? { behavior: "deny", reason: EDITED } : answer;
}
