/** Whether a hub takes a token: asked, not guessed. */
import { AppError } from "@hapi/protocol";

export async function takesToken(url: string, accessToken: string): Promise<boolean> {
  const response = await fetch(`${url}/api/auth`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ accessToken }),
    signal: AbortSignal.timeout(5_000),
  });
  if (response.status === 200) return true;
  if (response.status === 401) return false;
  throw new AppError("hub_unreachable", `The hub at ${url} answered ${response.status}.`);
}
