/**
 * What a command is: a name, help with examples, options, and `run`. The dispatcher in main.ts parses, prints help and turns failures into
 * one sentence; a command only does its work.
 */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { AppError } from "@hapi/protocol";
import type { Palette, Terminal } from "./tui/terminal.ts";

export interface OptionSpec {
  type: "string" | "boolean";
  short?: string;
  multiple?: boolean;
  /** For help: the value's name and one line. */
  value?: string;
  help: string;
}

export interface CommandContext {
  terminal: Terminal;
  paint: Palette;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
}

/** What may stand behind a command's name, or behind one of its verbs. */
export interface Takes {
  /** How many words. Default: none. */
  words?: number;
  /** Names of options. Default: all of the command. */
  options?: readonly string[];
}

export interface ParsedWords {
  values: Record<string, string | boolean | string[] | undefined>;
  positionals: string[];
}

export interface Command {
  name: string;
  aliases?: readonly string[];
  summary: string;
  /** After the name, e.g. `<session> [--json]`. */
  usage: string;
  options: Record<string, OptionSpec>;
  examples: readonly string[];
  /** By verb, `""` for none; or of a command without verbs. What does not fit is refused: nothing that was typed goes unheard. */
  takes: { verbs: Readonly<Record<string, Takes>> } | Takes;
  /** It has just spoken with the hub: prompts that waited for it are sent along. */
  reachesHub?: boolean;
  /** @returns the exit code */
  run(words: ParsedWords, context: CommandContext): Promise<number>;
}

export function parseWords(command: Command, words: readonly string[]): ParsedWords & { isHelp: boolean } {
  const options: NonNullable<ParseArgsConfig["options"]> = { help: { type: "boolean", short: "h" } };
  for (const [name, spec] of Object.entries(command.options)) {
    options[name] = { type: spec.type, ...(spec.short ? { short: spec.short } : {}), ...(spec.multiple ? { multiple: true } : {}) };
  }
  try {
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
    return { values: values as ParsedWords["values"], positionals, isHelp: values.help === true };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split(". To specify")[0] : String(cause);
    throw new AppError("invalid_query", `${reason}. See: hapi ${command.name} --help`, { cause });
  }
}

/** @throws invalid_query at the first word or option that nothing would come of; a verb nobody knows is for the command to say */
export function refuseSurplus({ name, takes }: Command, { values, positionals }: ParsedWords): void {
  const hasVerbs = "verbs" in takes;
  const verb = hasVerbs ? (positionals[0] ?? "") : "";
  const fits = !hasVerbs ? takes : Object.hasOwn(takes.verbs, verb) ? takes.verbs[verb] : undefined;
  if (!fits) return;
  const called = verb === "" ? `hapi ${name}` : `hapi ${name} ${verb}`;
  const surplus = positionals[(verb === "" ? 0 : 1) + (fits.words ?? 0)];
  if (surplus !== undefined) {
    const quotes = fits.words ? " A name of several words needs quotes." : "";
    throw new AppError("invalid_query", `${called} was given too many words, from "${surplus}" on.${quotes} See: hapi ${name} --help`);
  }
  const option = Object.keys(values).find((given) => given !== "help" && fits.options?.includes(given) === false);
  if (option !== undefined) throw new AppError("invalid_query", `${called} has no --${option}. See: hapi ${name} --help`);
}

export function helpFor(command: Command, paint: Palette): string {
  const rows = Object.entries(command.options).map(([name, spec]) => {
    const flag = `${spec.short ? `-${spec.short}, ` : "    "}--${name}${spec.value ? ` ${spec.value}` : ""}`;
    return [flag, spec.help] as const;
  });
  const width = Math.max(0, ...rows.map(([flag]) => flag.length));
  return [
    `${command.summary}`,
    "",
    `Usage: ${paint.bold(`hapi ${command.name}`)} ${command.usage}`.trimEnd(),
    ...(command.aliases?.length ? [`Also:  hapi ${command.aliases.join(", hapi ")}`] : []),
    ...(rows.length > 0 ? ["", ...rows.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}`)] : []),
    "",
    "Examples:",
    ...command.examples.map((example) => `  ${example}`),
  ].join("\n");
}

export function textValue(words: ParsedWords, name: string): string | undefined {
  const value = words.values[name];
  return typeof value === "string" ? value : undefined;
}

export function isSet(words: ParsedWords, name: string): boolean {
  return words.values[name] === true;
}

/** What a word behind a command stands for. */
export function byVerb<T>(verbs: Readonly<Record<string, T>>, verb: string, command: string): T {
  const found = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (found === undefined) throw new AppError("invalid_query", `hapi ${command} does not know "${verb}". See: hapi ${command} --help`);
  return found;
}

/** The one positional a command needs, or a sentence that says which is missing. */
export function requirePositional(words: ParsedWords, name: string, command: string): string {
  const value = words.positionals[0];
  if (value === undefined) throw new AppError("invalid_query", `hapi ${command} needs a ${name}. See: hapi ${command} --help`);
  return value;
}
