/** The command line of the benchmark: pure, so that its refusals can be tested. */
import { parseArgs } from "node:util";

export interface Options {
  phases: readonly string[];
  rounds: number;
  quick: boolean;
  oursOnly: boolean;
  /** An installed program of ours to measure instead of packing the checkout. */
  ours: string | null;
  crashRuns: number;
  seed: number;
  /** Where every figure of every round goes, as JSON. */
  out: string | null;
  /** Where the document goes; absent: into docs/ after a complete run, else nowhere. */
  doc: string | null;
}

export type Parsed = { options: Options } | { help: true } | { wrong: string };

const specification = {
  phases: { type: "string" },
  rounds: { type: "string" },
  quick: { type: "boolean" },
  "ours-only": { type: "boolean" },
  ours: { type: "string" },
  "crash-runs": { type: "string" },
  seed: { type: "string" },
  out: { type: "string" },
  doc: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

export function helpText(phases: readonly { name: string; summary: string }[]): string {
  const width = Math.max(...phases.map(({ name }) => name.length));
  return `Measures our hub beside the peer's, in alternating rounds, and checks while it measures that nothing is lost, doubled or out of order.

usage: npm run bench -- [options]

  --phases A,B      only these (all of them by default)
  --rounds N        rounds of each phase (3)
  --quick           short runs with few samples: to see that it works, not for figures
  --ours-only       without the peer
  --ours PROGRAM    an installed hapi of ours, instead of building and packing this checkout
  --crash-runs N    kills through our link at each rate, over all rounds (3)
  --seed N          of the moments of the kills (printed; a new one by default)
  --out FILE        every figure of every round, as JSON
  --doc FILE        the document; a complete run writes docs/benchmarks.md by itself
  -h, --help        this text

phases:
${phases.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join("\n")}

PEER_HAPI names the peer's installed program; without it the exact version is installed from npm into a cache.
Exit code: 0, 1 when a rule of correctness was broken, 2 when the command line was wrong.

  npm run bench                                             everything, and docs/benchmarks.md
  npm run bench -- --ours-only --phases ingest,fanout       while working on the hub
  npm run bench -- --ours-only --phases crash --crash-runs 100
`;
}

export function parseOptions(args: readonly string[], phaseNames: readonly string[], newSeed: () => number): Parsed {
  let values: ReturnType<typeof read>;
  try {
    values = read(args);
  } catch (cause) {
    return { wrong: cause instanceof Error ? cause.message : String(cause) };
  }
  if (values.help) return { help: true };
  const phases = values.phases?.split(",").filter((name) => name !== "") ?? phaseNames;
  const unknown = phases.filter((name) => !phaseNames.includes(name));
  if (phases.length === 0 || unknown.length > 0)
    return { wrong: `--phases takes a list of ${phaseNames.join(", ")}; not ${unknown.join(", ") || "nothing"}` };
  const numbers = {
    rounds: wholeNumber(values.rounds, 3),
    crashRuns: wholeNumber(values["crash-runs"], 3),
    seed: wholeNumber(values.seed, newSeed()),
  };
  if (numbers.rounds === null) return { wrong: `--rounds takes a number from 1, not ${values.rounds}` };
  if (numbers.crashRuns === null) return { wrong: `--crash-runs takes a number from 1, not ${values["crash-runs"]}` };
  if (numbers.seed === null) return { wrong: `--seed takes a number from 1, not ${values.seed}` };
  return {
    options: {
      phases,
      rounds: numbers.rounds,
      crashRuns: numbers.crashRuns,
      seed: numbers.seed,
      quick: values.quick ?? false,
      oursOnly: values["ours-only"] ?? false,
      ours: values.ours ?? null,
      out: values.out ?? null,
      doc: values.doc ?? null,
    },
  };
}

const read = (args: readonly string[]) =>
  parseArgs({ args: [...args], options: specification, strict: true, allowPositionals: false }).values;

function wholeNumber(text: string | undefined, fallback: number): number | null {
  if (text === undefined) return fallback;
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null;
}

/** A run whose figures may stand in the docs. */
export function isComplete(options: Options, phaseNames: readonly string[], hasPeer: boolean): boolean {
  return hasPeer && !options.quick && options.rounds >= 3 && phaseNames.every((name) => options.phases.includes(name));
}
