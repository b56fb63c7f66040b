/** One row that can't be drawn: the others, and the field, are there all the same. */
import { expect, test } from "bun:test";
import { button, field, goToChat } from "./chat-page.ts";
import { IDLE } from "./fixture-data.ts";
import { openPage } from "./harness.ts";
import { fixtureWorld } from "./worlds.ts";

const world = fixtureWorld();

test("a row whose drawing fails is shown as it stands, with everything around it", async () => {
  const session = world.hub.sessions.get(IDLE);
  if (!session) throw new Error("the session is missing");
  world.hub.prompts.say(session, { type: "agent-message", id: "m-1", text: "**before** it" });
  world.hub.prompts.say(session, { type: "agent-message", id: "m-2", text: "**planted** fault" });
  world.hub.prompts.say(session, { type: "agent-message", id: "m-3", text: "**after** it" });
  await using open = await openPage(world.browser, { signedIn: world.hub });
  // As a fault in the code that reads this row's markup.
  await open.context.addInitScript(() => {
    const { replace } = String.prototype;
    String.prototype.replace = function (this: string, ...given: never) {
      if (String(this).includes("**planted**")) throw new Error("planted");
      return Reflect.apply(replace, this, given) as string;
    };
  });
  await goToChat(open.page, world.hub, IDLE);
  const { page } = open;
  await page.getByText("after it").waitFor();
  await page.getByText("**planted** fault", { exact: true }).waitFor();
  expect(await page.getByText("before it").first().isVisible()).toBe(true);
  await field(page).fill("still here");
  expect(await button(page, "Send").isEnabled()).toBe(true);
});
