/**
 * Puts `src/boot/boot.ts` into the page as a classic, blocking script with a hashed name: it takes the token out of the address bar and
 * sets the theme before the first paint. A file of its own because the hub's CSP allows no inline script.
 */
import type { Plugin } from "vite";

export const BOOT_ENTRY = "boot";
const MARK = /<!-- boot script:[^>]*-->/;

export function bootScript(): Plugin {
  return {
    name: "hapi:boot-script",
    transformIndexHtml: {
      order: "post",
      handler(html, context) {
        const chunk = Object.values(context.bundle ?? {}).find((item) => item.type === "chunk" && item.isEntry && item.name === BOOT_ENTRY);
        const tag = chunk ? `<script src="/${chunk.fileName}"></script>` : `<script type="module" src="/src/boot/boot.ts"></script>`;
        return html.replace(MARK, tag);
      },
    },
  };
}
