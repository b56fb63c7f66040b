/**
 * Nothing moves under the finger: what comes and goes by itself (the loss of the connection, a new version, a machine that leaves, a prompt
 * from another device) leaves everything that can be tapped where it is. Measured on a phone in light and on a desk in dark.
 */
import { describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { button, decide, field, goToChat, look, openChat, queued, tryNow } from "./chat-page.ts";
import { IDLE, WORKING } from "./fixture-data.ts";
import { promptOf } from "./fixture-prompts.ts";
import { LOOKS, openPage, settled } from "./harness.ts";
import { fixtureWorld } from "./worlds.ts";

const world = fixtureWorld();

/** Where everything that can be tapped is, by its name; without what the page itself is about to show or take away. */
async function places(page: Page): Promise<Record<string, string>> {
  await settled(page);
  return page.evaluate(() => {
    const found: Record<string, string> = {};
    const count = new Map<string, number>();
    for (const element of document.querySelectorAll<HTMLElement>("a[href], button, input, textarea, select, [role=button]")) {
      const { x, y, width, height } = element.getBoundingClientRect();
      if (width === 0 || height === 0 || element.closest("[role=status], [aria-live]") !== null) continue;
      // below the screen a long list still finds out how high its rows are
      if (y >= window.innerHeight || y + height <= 0) continue;
      const name = (element.getAttribute("aria-label") ?? element.textContent ?? "").slice(0, 40);
      const nth = count.get(name) ?? 0;
      count.set(name, nth + 1);
      found[`${name} ${nth}`] = `${Math.round(x)},${Math.round(y)}`;
    }
    return found;
  });
}

/** Of what is there before and after. */
function moved(before: Record<string, string>, after: Record<string, string>): string[] {
  return Object.entries(before).flatMap(([name, at]) =>
    after[name] !== undefined && after[name] !== at ? [`${name}: ${at} → ${after[name]}`] : [],
  );
}

const SCREENS = ["/", "/inbox", "/machines", "/settings", "/new", `/sessions/${IDLE}`, `/sessions/${WORKING}`];

describe.each(LOOKS)("on a %s, %s", (size, scheme) => {
  test("the connection goes and comes back", async () => {
    await using open = await openPage(world.browser, { size, scheme, signedIn: world.hub });
    const { page } = open;
    for (const path of SCREENS) {
      await page.goto(world.hub.url + path);
      await page.getByRole("heading", { level: 1 }).first().waitFor();
      await settled(page);
      const before = await places(page);
      expect(Object.keys(before).length).toBeGreaterThan(2);
      world.hub.setReachable(false);
      await page.getByText("Connection lost").waitFor();
      const without = await places(page);
      expect({ path, moved: moved(before, without) }).toEqual({ path, moved: [] });
      await look(page, `lost${path.replaceAll("/", "-").slice(0, 20)}`);
      world.hub.setReachable(true);
      await tryNow(page);
      await page.getByText("Connection lost").waitFor({ state: "detached" });
      expect({ path, moved: moved(without, await places(page)) }).toEqual({ path, moved: [] });
    }
    expect(open.problems).toEqual([]);
  }, 240_000);

  test("what must be done by the person appears in the header, for one who reads further up", async () => {
    await using open = await openChat(world, IDLE, { size, scheme });
    const { page } = open;
    const session = world.hub.sessions.get(IDLE)!;
    for (let n = 0; n < 40; n += 1)
      world.hub.prompts.tell(session, { id: `p${n}`, localId: `l${n}`, content: promptOf(`prompt number ${n}`), stage: "done" });
    await page.getByText("prompt number 39").waitFor();
    const region = page.getByRole("region", { name: "Conversation" });
    await region.evaluate((node) => node.scrollBy(0, -600));
    await button(page, /Go to the newest/).waitFor();
    const one = page.getByText("prompt number 30");
    await one.waitFor();
    const before = await one.boundingBox();
    world.hub.change(IDLE, (now) => ({
      ...now,
      active: false,
      metadata: { ...now.metadata!, lifecycleState: "failed", failureCode: "agent_not_installed" },
    }));
    await page
      .locator("main header")
      .getByText(/^Install /)
      .waitFor();
    expect((await one.boundingBox())?.y).toBe(before!.y);
    expect(open.problems).toEqual([]);
  });

  test("a prompt that another device sent waits above the field: the field and its buttons stay", async () => {
    await using open = await openChat(world, WORKING, { size, scheme });
    const { page } = open;
    await field(page).fill("half a thought");
    const before = await places(page);
    world.hub.prompts.tell(world.hub.sessions.get(WORKING)!, {
      id: "q1",
      localId: "lq1",
      content: promptOf("from the other phone"),
      stage: "accepted",
      invokedAt: null,
    });
    await queued(page, "from the other phone").waitFor();
    const after = await places(page);
    for (const name of ["Send 0", "Message 0", "More 0", "Session details 0"]) expect([name, after[name]]).toEqual([name, before[name]!]);
  });

  test("a card that others move takes no tap in that moment, in the inbox too", async () => {
    const ask = (id: string, createdAt: number): void => {
      world.hub.change(id, (session) => ({
        ...session,
        agentStateVersion: session.agentStateVersion + 1,
        agentState: { requests: { [`r-${id}`]: { tool: "Bash", kind: "permission", arguments: { command: "rm -rf build" }, createdAt } } },
      }));
    };
    ask(IDLE, Date.now() - 60_000);
    await using open = await openPage(world.browser, { size, scheme, signedIn: world.hub });
    const { page } = open;
    await page.route("**/permissions/**", (route) => route.fulfill({ status: 200, json: { ok: true, status: "sent" } }));
    await page.goto(`${world.hub.url}/inbox`);
    const card = page.locator(`[data-request="r-${IDLE}"]`);
    const deny = button(card, "Deny");
    await deny.waitFor();
    await settled(page);
    // pressed in the very frame in which an older request moves it down
    await deny.evaluate((element) => {
      const at = element.getBoundingClientRect().top;
      const press = (): void => {
        if (element.getBoundingClientRect().top === at) return void requestAnimationFrame(press);
        requestAnimationFrame(() => element.dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 1 })));
      };
      press();
    });
    ask(WORKING, Date.now() - 20 * 60_000 * 60);
    await card.getByText("Not taken: this had just moved under your finger. Press again.").waitFor();
    await decide(deny, card.getByText(/^“Deny” was sent/));
    expect(open.problems).toEqual([]);
  });

  test("a note that appears over a control does not take the tap that was meant for it", async () => {
    await using open = await openPage(world.browser, { size, scheme, signedIn: world.hub, serviceWorkers: "allow" });
    const { page } = open;
    await goToChat(page, world.hub, IDLE);
    await settled(page);
    await page.evaluate(() => {
      const seen: string[] = [];
      Object.assign(window, { seen });
      new MutationObserver(() => {
        const note = document.querySelector("[role=region][aria-label=Notices] > div");
        if (!note || seen.length > 0) return;
        const { x, y, width, height } = note.getBoundingClientRect();
        seen.push(note.contains(document.elementFromPoint(x + width / 2, y + height / 2)) ? "note" : "beneath");
      }).observe(document.body, { childList: true, subtree: true });
    });
    world.hub.push({
      type: "toast",
      data: { title: "Permission request", body: "Elsewhere", sessionId: WORKING, url: `/sessions/${WORKING}` },
    } as never);
    await page.waitForFunction(() => (window as unknown as { seen: string[] }).seen.length > 0);
    expect(await page.evaluate(() => (window as unknown as { seen: string[] }).seen)).toEqual(["beneath"]);
    // and then it can be closed
    await page.getByRole("region", { name: "Notices" }).getByRole("button", { name: "Close" }).click();
  });
});
