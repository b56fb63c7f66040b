/** A prompt's text and attachments → the content of a user message: pictures go along, other files are mentioned by path. */
import { readFile, stat } from "node:fs/promises";
import { AppError, type Attachment } from "@hapi/protocol";
import type { DriverPrompt } from "../driver.ts";
import { readEarlier } from "../shared/earlier.ts";
import type { Json } from "./json.ts";

const pictureTypes: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
/** What the model service takes for one picture. */
const MAX_PICTURE_BYTES = 5 * 1024 * 1024;

/** Of all of a prompt together: they go to Claude, and come back from it, in one line. The rest it reads by path. */
const MAX_PICTURES_BYTES = 20 * 1024 * 1024;

const mention = (path: string): string => (/\s/.test(path) ? `@"${path}"` : `@${path}`);

async function pictureOf(attachment: Attachment, room: number): Promise<{ block: Json; size: number } | null> {
  if (!pictureTypes.has(attachment.mimeType)) return null;
  try {
    const { size } = await stat(attachment.path);
    if (size > Math.min(MAX_PICTURE_BYTES, room)) return null;
    const data = (await readFile(attachment.path)).toString("base64");
    return { block: { type: "image", source: { type: "base64", media_type: attachment.mimeType, data } }, size };
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
  let room = MAX_PICTURES_BYTES;
  for (const attachment of prompt.attachments) {
    const picture = await pictureOf(attachment, room);
    if (picture) {
      pictures.push(picture.block);
      room -= picture.size;
    } else mentions.push(mention(attachment.path));
  }
  const text = [prompt.text, mentions.join("\n")].filter((part) => part !== "").join("\n\n");
  if (pictures.length === 0) return text;
  // The words come last: only there Claude reads mentions and slash commands in them.
  return [...pictures, ...(text === "" ? [] : [{ type: "text", text }])];
}
