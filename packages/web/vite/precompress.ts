/**
 * Writes a `.br` and a `.gz` beside every text file of the build, so that the hub serves them without compressing at run time.
 * Files that would not get smaller are left alone; the hub falls back to the plain one.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const TEXT = /\.(?:html|js|css|svg|json|webmanifest|txt)$/;
const MIN_BYTES = 512;

export function precompress(): Plugin {
  let outDir = "dist";
  return {
    name: "hapi:precompress",
    apply: "build",
    configResolved(config) {
      outDir = config.build.outDir;
    },
    writeBundle: {
      order: "post",
      sequential: true,
      handler() {
        for (const entry of readdirSync(outDir, { recursive: true, withFileTypes: true })) {
          if (!entry.isFile() || !TEXT.test(entry.name) || entry.parentPath.includes(".vite")) continue;
          const path = join(entry.parentPath, entry.name);
          const plain = readFileSync(path);
          if (plain.length < MIN_BYTES) continue;
          const brotli = brotliCompressSync(plain, {
            params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length },
          });
          const gzip = gzipSync(plain, { level: 9 });
          if (brotli.length < plain.length) writeFileSync(`${path}.br`, brotli);
          if (gzip.length < plain.length) writeFileSync(`${path}.gz`, gzip);
        }
      },
    },
  };
}
