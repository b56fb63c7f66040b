/**
 * `npm run soak`: see run-soak.ts. Prints a table; ends with 1 when anything was lost or doubled, or memory grew.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { runSoak, type SoakResult } from "./run-soak.ts";

const HELP = `Runs HAPI for a long time under load, broken connections and kills, and says whether anything was lost, doubled or leaked.

Usage: npm run soak -- [options]

  --minutes N    how long (default 30; the long one is 120)
  --sessions N   sessions at work (default 4)
  --readers N    clients that read, and lose their connection every few seconds (default 6)
  --seed N       repeat a run's chances (default: by the clock, printed)
  --json FILE    the result as JSON too

Examples:
  npm run soak -- --minutes 30
  npm run soak -- --minutes 120 --json soak.json
  npm run soak -- --minutes 2 --seed 7
`;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    sessions: { type: "string", default: "4" },
    readers: { type: "string", default: "6" },
    seed: { type: "string" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

function positive(name: string, text: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  process.stderr.write(`--${name} must be a number above 0, not "${text}". Run: npm run soak -- --help\n`);
  process.exit(2);
}

function table({ memory, ...result }: SoakResult): string {
  const facts = Object.entries({ ...result, violations: result.violations.length }).map(([name, value]) => {
    const shown =
      typeof value === "object"
        ? Object.entries(value)
            .map(([key, number]) => `${key} ${number}`)
            .join(", ")
        : String(value);
    return `| ${name} | ${shown} |`;
  });
  const lines = memory.map(
    ({ name, samples, firstMb, medianMb, lastMb, slopeMbPerHour, riseMb, allowedMb, lowsMb, aliveMb, isFlat }) =>
      `| ${name} | ${samples} | ${firstMb} | ${medianMb} | ${lastMb} | ${slopeMbPerHour} | ${riseMb} | ${allowedMb} | ${isFlat ? "flat" : "GROWS"} | ${aliveMb.first ?? "–"} → ${aliveMb.last ?? "–"} | ${lowsMb.map(Math.round).join(" ")} |`,
  );
  return [
    "| what | how many |",
    "| --- | --- |",
    ...facts,
    "",
    "| memory, MB, after the warm-up | samples | first | median | last | slope per hour | rise | allowed | verdict | alive on the heap | lows |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
}

if (values.help) process.stdout.write(HELP);
else {
  const seed = values.seed === undefined ? Math.floor(Date.now() / 1_000) : positive("seed", values.seed);
  const minutes = positive("minutes", values.minutes);
  process.stderr.write(`Soak of ${minutes} minutes; --seed ${seed} repeats its chances.\n`);
  const result = await runSoak({
    minutes,
    seed,
    sessions: positive("sessions", values.sessions),
    readers: positive("readers", values.readers),
    say: (line) => void process.stderr.write(`${line}\n`),
  });
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(`${table(result)}\n`);
  for (const violation of result.violations) process.stdout.write(`!! ${violation}\n`);
  process.stdout.write(result.violations.length === 0 ? "Nothing lost, nothing twice, memory flat.\n" : "The soak FAILED.\n");
  process.exitCode = result.violations.length === 0 ? 0 : 1;
}
