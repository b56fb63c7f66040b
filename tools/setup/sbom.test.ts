/** The list of what ships: complete, and only that. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");

test("what packages import at run time is listed with its version and where it came from; what builds and tests is not", () => {
  const { stdout } = Bun.spawnSync(["node", join(root, "tools/setup/sbom.mjs")], { cwd: root });
  const bom = JSON.parse(stdout.toString()) as {
    bomFormat: string;
    metadata: { component: { name: string } };
    components: { name: string; version: string; hashes?: { content: string }[] }[];
  };
  expect([bom.bomFormat, bom.metadata.component.name]).toEqual(["CycloneDX", "hapi-agents"]);
  const listed = new Map(bom.components.map((one) => [one.name, one]));
  const { dependencies } = JSON.parse(readFileSync(join(root, "packages/hub/package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const [name, version] of Object.entries(dependencies)) {
    if (name.startsWith("@hapi/")) continue;
    expect([name, listed.get(name)?.version]).toEqual([name, version]);
    expect(listed.get(name)?.hashes?.length).toBeGreaterThan(0);
  }
  for (const name of ["playwright-core", "vite", "oxlint", "knip", "tailwindcss"]) expect([name, listed.has(name)]).toEqual([name, false]);
}, 60_000);
