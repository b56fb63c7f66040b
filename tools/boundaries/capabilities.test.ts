/** A capability that nobody reads is a promise to nobody: each has a reader here, or is known to have one elsewhere. */
import { expect, test } from "bun:test";
import { CAPABILITIES, type Capability } from "@hapi/protocol";
import { Glob } from "bun";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");
const isTest = /\.(test|case|agent)\.tsx?$|\/contract\//;

/** Of the document in the metadata by `capability(…, "name")`, of a driver's own by `capabilities.name`. */
const reads = (name: string): RegExp => new RegExp(`\\bcapability\\([^()]*, "${name}"\\)|\\bcapabilities\\.${name}\\b`);

async function sources(): Promise<string[]> {
  const paths = [...new Glob("packages/{agents,machine,hub,web,cli,core,client}/src/**/*.{ts,tsx}").scanSync(root)].filter(
    (path) => !isTest.test(path),
  );
  return Promise.all(paths.map((path) => Bun.file(join(root, path)).text()));
}

/** Names of flags that no source reads. */
const unread = (names: readonly string[], texts: readonly string[]): string[] =>
  names.filter((name) => !texts.some((text) => reads(name).test(text)));

test("each capability is read, here or where its row says", async () => {
  const names = (Object.keys(CAPABILITIES) as Capability[]).filter((name) => !CAPABILITIES[name].alsoReadBy);
  expect(unread(names, await sources())).toEqual([]);
});

test("it sees one that nobody reads", async () => {
  const texts = await sources();
  expect(unread(["answerWhileLocal", "steer"], texts)).toEqual(["answerWhileLocal"]);
  expect(unread(["plans"], ['const plans = capability(session.metadata, "plans");'])).toEqual([]);
  expect(unread(["plans"], ["({ plans: true })"])).toEqual(["plans"]);
});
