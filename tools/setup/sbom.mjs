/** `npm run sbom`: what ships with HAPI, as CycloneDX, on standard output or into the file that is named. Read from the lock file; asks nobody. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root, say } from "./project.mjs";

const manifest = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const LARGEST = 64 * 1024 * 1024;

/** What our packages name as needed at run time, those that only test apart, and the runtime itself. */
function roots() {
  const named = readdirSync(join(root, "packages"))
    .filter((name) => name !== "testkit")
    .flatMap((name) => Object.entries(manifest(join(root, "packages", name)).dependencies ?? {}));
  return [...named, ...Object.entries(manifest(root).optionalDependencies)]
    .filter(([name]) => !name.startsWith("@hapi/"))
    .map(([name, version]) => `${name}@${version}`);
}

export function sbom() {
  // Not `--omit dev`: what tests name as well would be missing.
  const argv = ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"];
  const bom = JSON.parse(execFileSync("npm", argv, { cwd: root, encoding: "utf8", maxBuffer: LARGEST }));
  const needs = new Map(bom.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn ?? []]));
  const shipped = new Set();
  const add = (ref) => {
    if (shipped.has(ref)) return;
    shipped.add(ref);
    for (const next of needs.get(ref) ?? []) add(next);
  };
  for (const ref of roots()) add(ref);
  // npm names the whole by its folder.
  bom.metadata.component.name = manifest(root).name;
  bom.components = bom.components.filter((one) => shipped.has(one["bom-ref"]));
  bom.dependencies = bom.dependencies.filter(({ ref }) => shipped.has(ref));
  return bom;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const text = `${JSON.stringify(sbom(), null, 2)}\n`;
  const [file] = process.argv.slice(2);
  if (file === undefined) process.stdout.write(text);
  else {
    writeFileSync(file, text);
    say(`Wrote ${file}`);
  }
}
