/** What somebody who asks for a sandbox gets, by what is kept and what the settings say. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { boxFor, requireBoxWhileRunning, tighter } from "./box-wish.ts";

const home = mkdtempSync(join(tmpdir(), "hapi-box-wish-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const wishOf = (sandbox: unknown): unknown => {
  writeFileSync(join(home, "settings.json"), JSON.stringify({ sandbox }));
  return boxFor({ home }, null);
};

test("the settings' word is for new sessions; one that means nothing is refused, since it may have meant a sandbox", () => {
  expect([true, "without network", false, undefined].map(wishOf)).toEqual([{ network: true }, { network: false }, undefined, undefined]);
  for (const word of ["on", "true", "without-network", 1, { network: false }])
    expect(() => wishOf(word)).toThrow('Say true, "without network" or false');
  writeFileSync(join(home, "settings.json"), JSON.stringify({ sandbox: true }));
  expect(boxFor({ home }, { sessionId: "kept" })).toBeUndefined();
  expect(boxFor({ home, box: { network: false } }, { sessionId: "kept" })).toEqual({ network: false });
});

test("a session that runs is enough for whoever asks for no more than it is in", () => {
  const [open, closed] = [{ network: true }, { network: false }];
  const ask = (wish: typeof open | null, box?: typeof open) => () => requireBoxWhileRunning(wish, { sessionId: "0123456789", box });
  for (const enough of [ask(null), ask(null, open), ask(open, open), ask(open, closed), ask(closed, closed)]) expect(enough).not.toThrow();
  expect(ask(open)).toThrow("Session 01234567 runs already, without a sandbox");
  expect(ask(closed, open)).toThrow("in a sandbox with the network");
});

test("of two boxes both hold", () => {
  expect([tighter({ network: true }, { network: false }), tighter(undefined, { network: true }), tighter(undefined, undefined)]).toEqual([
    { network: false },
    { network: true },
    undefined,
  ]);
});
