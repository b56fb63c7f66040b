/** How browsers reach the hub, as its owner says. It goes into a QR code and decides which pages may call the API. */
import { AppError } from "@hapi/protocol";

export function publicUrlOf(value: unknown): string | null {
  const text = typeof value === "string" ? value.trim() : "";
  if (!text) return null;
  const protocol = URL.parse(text)?.protocol;
  if (protocol === "https:" || protocol === "http:") return text.replace(/\/+$/, "");
  throw new AppError("invalid_query", `HAPI_PUBLIC_URL must be an address like https://hapi.example.org, not "${text}".`);
}
