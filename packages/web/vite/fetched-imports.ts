/** Puts `src/ground/fetched-import.ts` in the place of Vite's preload helper, and gives it every file of an import, the module's own included. */
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const HELPER = "\0vite/preload-helper.js";
const ours = fileURLToPath(new URL("../src/ground/fetched-import.ts", import.meta.url));

export function fetchedImports(): Plugin {
  return {
    name: "hapi:fetched-imports",
    enforce: "pre",
    apply: "build",
    config: () => ({
      build: {
        modulePreload: {
          polyfill: false,
          resolveDependencies: (file, files, { hostType }) => (hostType === "js" ? [...new Set([file, ...files])] : files),
        },
      },
    }),
    load: (id) => (id === HELPER ? `export { fetchedImport as __vitePreload } from ${JSON.stringify(ours)};` : null),
    generateBundle(_, bundle) {
      // styles of a part would come by the helper that is replaced here
      for (const chunk of Object.values(bundle))
        if (chunk.type === "chunk" && chunk.isDynamicEntry && (chunk.viteMetadata?.importedCss.size ?? 0) > 0)
          this.error(`${chunk.fileName} brings styles of its own: fetched-import.ts does not load them`);
    },
  };
}
