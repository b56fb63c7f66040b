/** Where the built web app is: beside the bundle, or in the checkout. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export function findWebRoot(): string | null {
  const places = ["./web", "../../web/dist"].map((place) => fileURLToPath(new URL(place, import.meta.url)));
  return places.find((place) => existsSync(`${place}/index.html`)) ?? null;
}
