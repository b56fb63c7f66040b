/** Every state on every surface: list, header, home and inbox take their word from `statusText`, the command line and the API from core. */
import { afterAll, describe, expect, test } from "bun:test";
import { sessionStatus, sessionSummary, statusWord, STATUSES } from "@hapi/core";
import { STATUS_CASES } from "@hapi/testkit";
import { setLocale, t } from "../../i18n/index.ts";
import { failedSessions, waitingSessions } from "../inbox/inbox.model.ts";
import { recentSessions } from "../home/home.model.ts";
import { isLoud, signOf, statusText } from "./status.model.ts";
import { type Lookout, statusIn } from "../../sync/status.ts";

const NOW = Date.UTC(2026, 10, 29, 12);
const online: Lookout = { seen: {}, machines: {}, silence: null };
const cases = STATUS_CASES.map(({ what, session }) => ({ what, summary: sessionSummary(session(NOW)) }));

describe("every state", () => {
  test("is in the table", () => {
    expect(cases.map(({ what }) => what)).toEqual([...STATUSES]);
  });

  test.each(cases)("$what: the same word in the web and on the command line", ({ what, summary }) => {
    const status = statusIn(summary, online);
    expect(status.what).toBe(what);
    expect(statusText(status, t)).toBe(statusWord(sessionStatus(summary)));
  });

  test("has a word of its own in each language", async () => {
    const english = cases.map(({ summary }) => statusText(statusIn(summary, online), t));
    await setLocale("zh");
    const chinese = cases.map(({ summary }) => statusText(statusIn(summary, online), t));
    expect(new Set(english).size).toBe(STATUSES.length);
    expect(new Set(chinese).size).toBe(STATUSES.length);
    for (const word of chinese) expect(word).toMatch(/\p{Script=Han}/u);
  });
  afterAll(() => setLocale("en"));

  test.each(cases)("$what: without the hub it is told with its age, and nothing seems to move", ({ what, summary }) => {
    const status = statusIn(summary, { ...online, silence: { since: NOW - 60_000 } });
    expect(status).toMatchObject({ what, asOf: NOW - 60_000 });
    expect(signOf(status)).not.toBe("working");
  });
});

describe("what a screen is for", () => {
  const summaries = cases.map(({ summary }) => summary);
  test("the inbox has what waits, and what went wrong and nobody knows yet", () => {
    const titles = (list: { metadata: { name?: string } | null }[]): (string | undefined)[] => list.map((one) => one.metadata?.name);
    expect(titles(waitingSessions(summaries, {}).map(({ summary }) => summary))).toEqual(["Asks twice"]);
    expect(titles(failedSessions(summaries, online))).toEqual(["Ran into a 401", "Nobody can tell"]);
  });
  test("home has all others but what was put away", () => {
    const shown = recentSessions(summaries, online).map((summary) => statusIn(summary, online).what);
    expect(new Set(shown)).toEqual(new Set(STATUSES.filter((what) => !["waiting", "failed", "unknown", "archived"].includes(what))));
  });
  test("loud is what asks for something or brings something", () => {
    expect(cases.filter(({ summary }) => isLoud(statusIn(summary, online))).map(({ what }) => what)).toEqual([
      "waiting",
      "failed",
      "unknown",
      "done",
    ]);
  });
});
