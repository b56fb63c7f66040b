import { expect, test } from "bun:test";
import { parseDuration, parseMoment, said } from "./when.ts";

const now = new Date(2026, 10, 20, 14, 0, 0).getTime();

test("durations", () => {
  expect(["90s", "10m", "5min", "1h30m", "0.5h", "2d"].map((text) => parseDuration(text, "--timeout"))).toEqual([
    90_000, 600_000, 300_000, 5_400_000, 1_800_000, 172_800_000,
  ]);
  for (const text of ["", "10", "m", "10x", "0m", "1h 30m", "-5m"]) expect(() => parseDuration(text, "--timeout")).toThrow("like 90s, 10m");
});

test("moments: from now, the next such time of day, a date", () => {
  expect(parseMoment("+30m", now)).toBe(now + 1_800_000);
  expect(said(parseMoment("14:30", now))).toBe("2026-11-20 14:30");
  expect(said(parseMoment("14:00", now))).toBe("2026-11-21 14:00");
  expect(said(parseMoment("9:05", now))).toBe("2026-11-21 09:05");
  expect(said(parseMoment("2026-11-22T08:15", now))).toBe("2026-11-22 08:15");
  expect(said(parseMoment("2026-11-22 08:15", now))).toBe("2026-11-22 08:15");
});

test("what is over, too far or no time says so", () => {
  expect(() => parseMoment("2026-11-20T13:59", now)).toThrow("in the future; 2026-11-20 13:59 is over");
  expect(() => parseMoment("+8d", now)).toThrow("at most 7 days ahead");
  for (const text of ["25:00", "tomorrow", "14", "2026-11-22"]) expect(() => parseMoment(text, now)).toThrow("like +30m, 14:30");
});
