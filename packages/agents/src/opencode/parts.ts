/** The parts of a prompt, each with an id of its own, so that a prompt that is sent again adds nothing to the record. */
import { stat } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { AppError } from "@hapi/protocol";
import type { DriverPrompt } from "../driver.ts";
import { readEarlier } from "../shared/earlier.ts";
import type { Ids } from "./ids.ts";

/** For what is not the person's words, the words, and each file. */
export const partIdsFor = (prompt: DriverPrompt, ids: Ids): string[] =>
  Array.from({ length: 2 + prompt.attachments.length }, () => ids.part());

export async function promptParts(prompt: DriverPrompt, partIds: readonly string[]): Promise<unknown[]> {
  const [earlierId, wordsId, ...fileIds] = partIds;
  const earlier =
    prompt.earlier === undefined ? [] : [{ id: earlierId, type: "text", synthetic: true, text: await readEarlier(prompt.earlier) }];
  const files = await Promise.all(
    prompt.attachments.map(async ({ path, mimeType, filename }, index) => {
      try {
        await stat(path);
      } catch (cause) {
        throw new AppError("not_found", `The attachment ${filename} can't be read; remove it, or attach it again`, { cause });
      }
      return { id: fileIds[index], type: "file", mime: mimeType, filename, url: pathToFileURL(path).href };
    }),
  );
  return [...earlier, { id: wordsId, type: "text", text: prompt.text }, ...files];
}
