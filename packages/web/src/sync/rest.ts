/** provisional until @hapi/client lands */
import { AppError, errorCodes, type ErrorCode } from "@hapi/protocol";

export async function exchangeToken(baseUrl: string, accessToken: string): Promise<string> {
  const body = await call(baseUrl, null, "POST", "/api/auth", { accessToken });
  return (body as { token: string }).token;
}

export async function call(baseUrl: string, jwt: string | null, method: string, path: string, body?: unknown): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(baseUrl + path, {
      method,
      headers: { ...(jwt ? { authorization: `Bearer ${jwt}` } : {}), ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    throw new AppError("hub_unreachable", undefined, { cause });
  }
  const text = await response.text();
  let parsed: unknown = null;
  try {
    parsed = text ? JSON.parse(text) : null;
  } catch {
    parsed = null;
  }
  if (response.ok) return parsed;
  const { code, error } = (parsed ?? {}) as { code?: string; error?: string };
  throw new AppError(errorCodes.includes(code as ErrorCode) ? (code as ErrorCode) : response.status >= 502 ? "hub_unreachable" : "internal", error);
}
