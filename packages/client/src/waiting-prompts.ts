/** What waits in the hub's queues, and for what. Beside `HubApi`: a page of the web app never asks. */
import { parser, type WaitingPrompts, waitingPromptsSchema } from "@hapi/protocol";
import { type Ask, expected } from "./asking.ts";

const readWaiting = parser(waitingPromptsSchema);

/** @throws AppError `not_found`: a hub that can't say */
export async function waitingPrompts({ request }: Pick<Ask, "request">, signal?: AbortSignal): Promise<WaitingPrompts> {
  return expected(readWaiting(await request("GET", "/api/prompts/waiting", { signal })));
}
