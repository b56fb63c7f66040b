/** A prompt's text and attachments → the content of a user message: pictures go along, other files are mentioned by path. */
import { readFile, stat } from "node:fs/promises";
import { AppError, type Attachment } from "@hapi/protocol";
import type { DriverPrompt } from "../driver.ts";
import { readEarlier } from "../shared/earlier.ts";
import type { Json } from "./json.ts";

const pictureTypes: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
/** What the model service takes for one picture. */
const MAX_PICTURE_BYTES = 5 * 1024 * 1024;

const mention = (path: string): string => (/\s/.test(path) ? `@"${path}"` : `@${path}`);

async function pictureOf(attachment: Attachment): Promise<Json | null> {
  if (!pictureTypes.has(attachment.mimeType)) return null;
  try {
    const { size } = await stat(attachment.path);
    if (size > MAX_PICTURE_BYTES) return null;
    const data = (await readFile(attachment.path)).toString("base64");
    return { type: "image", source: { type: "base64", media_type: attachment.mimeType, data } };
  } catch (cause) {
    throw new AppError("not_found", `The attachment ${attachment.filename} is not on this machine any more`, { cause });
  }
}

export async function contentOf(prompt: DriverPrompt): Promise<string | Json[]> {
  const own = await ownContentOf(prompt);
  if (prompt.earlier === undefined) return own;
  const text = await readEarlier(prompt.earlier);
  return [{ type: "text", text }, ...(typeof own === "string" ? [{ type: "text", text: own }] : own)];
}

/** A plain string without attachments, as Claude itself writes it. */
async function ownContentOf(prompt: DriverPrompt): Promise<string | Json[]> {
  if (prompt.attachments.length === 0) return prompt.text;
  const pictures: Json[] = [];
  const mentions: string[] = [];
  for (const attachment of prompt.attachments) {
    const picture = await pictureOf(attachment);
    if (picture) pictures.push(picture);
    else mentions.push(mention(attachment.path));
  }
  const text = [prompt.text, mentions.join("\n")].filter((part) => part !== "").join("\n\n");
  if (pictures.length === 0) return text;
  // The words come last: only there Claude reads mentions and slash commands in them.
  return [...pictures, ...(text === "" ? [] : [{ type: "text", text }])];
}
