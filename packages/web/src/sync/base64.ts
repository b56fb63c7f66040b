/** A file's bytes in base64, as the upload route wants them; the browser's own encoder, so large images don't block. */
import { AppError } from "@hapi/protocol";

export function toBase64(content: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => {
      const { result } = reader;
      if (typeof result === "string") resolve(result.slice(result.indexOf(",") + 1));
    });
    reader.addEventListener("error", () => reject(new AppError("internal", "The file can't be read", { cause: reader.error })));
    reader.readAsDataURL(content);
  });
}
