/** Whether a hub takes a token: asked, not guessed. */
import { LATE, systemClock, within } from "@hapi/platform";
import { AppError } from "@hapi/protocol";

const ANSWER_MS = 5_000;

export async function takesToken(url: string, accessToken: string): Promise<boolean> {
  const question = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ accessToken }) };
  const response = await within(systemClock, ANSWER_MS, (signal) => fetch(`${url}/api/auth`, { ...question, signal }));
  if (response === LATE) throw new AppError("timeout", `The hub at ${url} does not answer in time`);
  if (response.status === 200) return true;
  if (response.status === 401) return false;
  if (((await response.json().catch(() => null)) as { code?: unknown } | null)?.code === "hub_locked") throw new AppError("hub_locked");
  throw new AppError("hub_unreachable", `The hub at ${url} answered ${response.status}.`);
}
