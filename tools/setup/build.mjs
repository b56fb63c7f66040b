/** `npm run build`: the publishable files in dist/: JavaScript for the packaged runtime, split so that the
 * session host and the hook bridge load only their own few kilobytes, and the web app beside it. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bunPath, ensureInstalled, ensureWebBuilt, fail, root, run, say } from "./project.mjs";

await ensureInstalled();
await ensureWebBuilt();
const dist = join(root, "dist");
rmSync(dist, { recursive: true, force: true });
const entries = ["packages/cli/src/main.ts"];
const code = await run(
  bunPath(),
  [
    "build",
    ...entries,
    "--target=bun",
    "--outdir",
    dist,
    "--entry-naming",
    "hapi.js",
    "--chunk-naming",
    "hapi-[hash].js",
    "--splitting",
    "--minify-syntax",
    "--minify-whitespace",
  ],
  {
    stdio: ["ignore", 2, 2],
  },
);
if (code !== 0) fail("the bundle could not be built; the reason is above.");
cpSync(join(root, "packages/web/dist"), join(dist, "web"), { recursive: true });
say("Built dist/");
