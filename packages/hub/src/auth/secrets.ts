/** `jwt-secret.json` and `owner-id.json` in the hub's home: made once, private, shared with other HAPI installations on the same home. */
import { randomBytes, randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "@hapi/platform";
import { AppError } from "@hapi/protocol";

const secretRemedy = "Delete it; everyone logs in again.";
const ownerRemedy = "Delete it to get a new owner id.";

export function loadJwtSecret(home: string): Uint8Array {
  const path = join(home, "jwt-secret.json");
  const stored = readJson(path, secretRemedy);
  if (stored) {
    const secret = typeof stored["secretBase64"] === "string" ? Buffer.from(stored["secretBase64"], "base64") : null;
    if (secret?.length === 32) return new Uint8Array(secret);
    throw new AppError("settings_corrupt", `${path} is damaged. ${secretRemedy}`);
  }
  const secret = randomBytes(32);
  writeFileAtomic(path, `${JSON.stringify({ secretBase64: secret.toString("base64") }, null, 2)}\n`, { mode: 0o600 });
  return new Uint8Array(secret);
}

export function loadOwnerId(home: string): number {
  const path = join(home, "owner-id.json");
  const stored = readJson(path, ownerRemedy);
  if (stored) {
    if (typeof stored["ownerId"] === "number") return stored["ownerId"];
    throw new AppError("settings_corrupt", `${path} is damaged. ${ownerRemedy}`);
  }
  const ownerId = randomInt(1, 2 ** 47);
  writeFileAtomic(path, `${JSON.stringify({ ownerId }, null, 2)}\n`, { mode: 0o600 });
  return ownerId;
}

function readJson(path: string, remedy: string): Record<string, unknown> | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new AppError("settings_corrupt", `${path} can't be read. Fix its permissions.`, { cause });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch (cause) {
    throw new AppError("settings_corrupt", `${path} is not valid JSON. ${remedy}`, { cause });
  }
  throw new AppError("settings_corrupt", `${path} is not valid JSON. ${remedy}`);
}
