/** Runs phases in alternating rounds (A B, B A, A B …), so that a machine that gets slower or faster favours nobody. */
import type { HubProgram, HubUnderTest } from "./lib/hub.ts";
import { loadAverage, machineCpu, ownCpuSeconds } from "./lib/process-facts.ts";
import { toHundredths } from "./lib/stats.ts";
import { now, pause, within } from "./lib/timing.ts";
import type { Metrics, Phase, PhaseContext } from "./phases/phase.ts";
import type { Measurements } from "./report/measurements.ts";

export interface RunOptions {
  rounds: number;
  quick: boolean;
  crashRuns: number;
  random(): number;
  /** A hub for one run of one phase. */
  open(program: HubProgram): HubUnderTest;
  /** What the last hub left for the disk to do must not be in the next one's way. */
  restMs: number;
  /** What a person who waits may read. */
  say(line: string): void;
  /** After each step, with everything so far. */
  onProgress(measurements: Measurements): void;
}

export async function runPhases(phases: readonly Phase[], programs: readonly HubProgram[], options: RunOptions): Promise<Measurements> {
  const measurements: Measurements = {
    figures: Object.fromEntries(programs.map(({ label }) => [label, {}])),
    violations: [],
    notes: [],
    noise: [],
  };
  for (const phase of phases) {
    for (let round = 0; round < options.rounds; round++) {
      for (const program of round % 2 === 0 ? programs : programs.toReversed()) {
        const metrics = await runOnce({ phase, round, program }, measurements, options);
        const figures = measurements.figures[program.label]!;
        for (const [name, value] of Object.entries(metrics)) (figures[name] ??= []).push(value);
        options.onProgress(measurements);
      }
    }
  }
  return measurements;
}

interface Step {
  phase: Phase;
  round: number;
  program: HubProgram;
}

async function runOnce({ phase, round, program }: Step, { violations, notes, noise }: Measurements, options: RunOptions): Promise<Metrics> {
  const hub = options.open(program);
  const name = `${phase.name}, ${program.label}, round ${round + 1}`;
  const violation = (text: string): void => {
    violations.push(`[${name}] ${text}`);
    options.say(`  VIOLATION ${text}`);
  };
  const note = (text: string): void => void notes.push(`[${name}] ${text}`);
  const crashRuns = shareOf(options.crashRuns, options.rounds, round);
  const context: PhaseContext = { quick: options.quick, crashRuns, random: options.random, violation, note };
  const readNoise = startNoise(hub);
  let metrics: Metrics = {};
  try {
    metrics = await within(phase.run(hub, context), phase.limitMs(context), name);
  } catch (cause) {
    violation(`the phase failed: ${cause instanceof Error ? cause.message : String(cause)}`);
    options.say(hub.lastWords());
  } finally {
    await hub.retire();
  }
  const spent = readNoise();
  await pause(options.restMs);
  noise.push({ step: name, ...spent });
  options.say(`${name}: ${spent.seconds} s`);
  return metrics;
}

/** The runs of this round, when `total` are spread over all rounds; the first rounds take what does not divide. */
export function shareOf(total: number, rounds: number, round: number): number {
  return Math.floor(total / rounds) + (round < total % rounds ? 1 : 0);
}

/** Who used the machine: the hub, the generator, and others, who make figures worth less. */
function startNoise(hub: HubUnderTest) {
  const [start, machine, own, hubCpu] = [now(), machineCpu(), ownCpuSeconds(), hub.cpuSeconds()];
  return () => {
    const seconds = (now() - start) / 1000;
    const later = machineCpu();
    const perSecond = (cpuSeconds: number): number => toHundredths(cpuSeconds / seconds);
    const busy = later.busySeconds - machine.busySeconds;
    const [ownSpent, hubSpent] = [ownCpuSeconds() - own, hub.cpuSeconds() - hubCpu];
    return {
      seconds: toHundredths(seconds),
      hubCores: perSecond(hubSpent),
      generatorCores: perSecond(ownSpent),
      otherCores: Math.max(0, perSecond(busy - ownSpent - hubSpent)),
      stealCores: perSecond(later.stealSeconds - machine.stealSeconds),
      load: loadAverage(),
    };
  };
}
