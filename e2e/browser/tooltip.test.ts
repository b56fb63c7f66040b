/** A tooltip's word is about the control: whoever is on it hears it, as the browser's own accessibility tree has it. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { axe, launchBrowser, openPage } from "./harness.ts";

test("the control itself is described, beside what describes it already", async () => {
  const built = await Bun.build({ entrypoints: [join(import.meta.dir, "../../packages/web/src/dev/tooltips.tsx")], target: "browser" });
  const script = await (built.outputs[0] as Blob).text();
  await using browser = await launchBrowser();
  await using open = await openPage(browser, { size: "desk" });
  const { page } = open;
  await page.setContent('<!doctype html><html lang="en"><title>Tooltips</title><main></main></html>');
  await page.addScriptTag({ content: script, type: "module" });
  await page.getByRole("button", { name: "Restart" }).waitFor();
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  const described = nodes
    .filter((node) => node.role?.value === "button")
    .map((node): [unknown, unknown] => [node.name?.value, node.description?.value]);
  expect(described).toEqual([
    ["Stop", "Ends the turn"],
    ["Restart", "It can take a while. Begins anew"],
  ]);
  expect(await page.locator("span[aria-describedby]").count()).toBe(0);
  expect(await axe(page)).toEqual([]);
  expect(open.problems).toEqual([]);
}, 60_000);
