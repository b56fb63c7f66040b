/** A small copy of a picture, to stand beside the prompt it went with: some kilobytes, as a data address. */
import { note } from "../ground/ignore.ts";

const EDGE_PX = 160;
const QUALITY = 0.7;
/** It is stored with the prompt on every device. */
const MAX_CHARS = 16_000;

/** null: no picture this browser can draw. */
export async function thumbnailOf(content: Blob, mimeType: string): Promise<string | null> {
  if (!/^image\/(?:png|jpe?g|gif|webp|avif)$/.test(mimeType)) return null;
  try {
    const picture = await createImageBitmap(content);
    const scale = Math.min(1, EDGE_PX / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    const context = canvas.getContext("2d");
    // what was see-through stays readable in both schemes
    if (context) context.fillStyle = "#fff";
    context?.fillRect(0, 0, canvas.width, canvas.height);
    context?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const url = canvas.toDataURL("image/jpeg", QUALITY);
    return url.length <= MAX_CHARS ? url : null;
  } catch (cause) {
    note("no preview of a picture", cause);
    return null;
  }
}
