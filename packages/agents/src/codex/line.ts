/** `hapi codex …` as `codex …`: what a line means (`codex --help`, 0.171.0). Loads nothing heavy. */
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { attempt } from "@hapi/platform/lean";
import type { AgentCommandLine } from "../driver.ts";
import { locate } from "./program.ts";

/** The first word that is no flag names one of these, or is the prompt. */
const commands = new Set(
  `agents exec e review login logout mcp plugin app-server remote-control completion update doctor sandbox debug apply a resume queue archive
  delete migrate-rollouts migrate-nfs-db unarchive fork cloud exec-server features help`.split(/\s+/),
);

/** Flags with a word behind them. */
const withValue = new Set(
  `-c --config --enable --disable --remote --remote-auth-token-env -i --image -m --model --local-provider -p --profile -s --sandbox -C --cd
  --add-dir -a --ask-for-approval`.split(/\s+/),
);

/** With these a line is no conversation of this session's: it goes straight to the program. */
const passes = new Set(["-h", "--help", "-V", "--version", "--remote", "--worktree", "-C", "--cd"]);

/** These belong to the server: the configuration that the thread is begun with. */
const ofServer = new Set(["-c", "--config", "--enable", "--disable", "--strict-config", "--oss", "--local-provider", "-p", "--profile"]);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

interface Line {
  flags: string[][];
  words: string[];
}

function read(words: readonly string[]): Line {
  const line: Line = { flags: [], words: [] };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!word.startsWith("-")) line.words.push(word);
    else if (withValue.has(word) && at + 1 < words.length) line.flags.push([word, words[++at] ?? ""]);
    else line.flags.push([word]);
  }
  return line;
}

const nameOf = ([flag]: readonly string[]) => (flag ?? "").split("=", 1)[0] ?? "";
const chooses = (word: string | undefined): word is "resume" | "fork" => word === "resume" || word === "fork";

function threadNamed({ flags, words: [command, id] }: Line): "named" | "newest" | null {
  if (!chooses(command)) return null;
  if (id !== undefined && UUID.test(id)) return "named";
  return flags.some((flag) => nameOf(flag) === "--last") ? "newest" : null;
}

/** Without the words that choose the thread: the session has one by now. `prompt`: the first words of a person, which are said once. */
export function argsFor(words: readonly string[]): { server: string[]; terminal: string[]; prompt: string[] } {
  const { flags, words: rest } = read(words);
  const prompt = chooses(rest[0]) ? rest.slice(UUID.test(rest[1] ?? "") ? 2 : 1) : rest;
  const kept = flags.filter((flag) => !["--last", "--all"].includes(nameOf(flag)));
  return {
    server: kept.filter((flag) => ofServer.has(nameOf(flag))).flat(),
    terminal: kept.filter((flag) => !ofServer.has(nameOf(flag))).flat(),
    prompt,
  };
}

const META_BYTES = 64 * 1024;
const MAX_LOOKED_AT = 500;

/** The newest conversation of this folder, by the first line of its rollout (`session_meta`). */
export function newestThread({ env, cwd }: { env: Readonly<Record<string, string>>; cwd: string }): string | null {
  const sessions = join(env["CODEX_HOME"] || join(env["HOME"] || homedir(), ".codex"), "sessions");
  const below = (folder: string): string[] =>
    (attempt(() => readdirSync(folder), "no conversations yet") ?? [])
      .sort()
      .reverse()
      .map((name) => join(folder, name));
  const files = below(sessions).flatMap(below).flatMap(below).flatMap(below).slice(0, MAX_LOOKED_AT);
  for (const file of files) {
    const meta = firstLine(file);
    if (meta?.cwd === cwd && meta.id !== undefined) return meta.id;
  }
  return null;
}

function firstLine(file: string): { id?: string; cwd?: string } | undefined {
  return attempt(() => {
    const bytes = Buffer.alloc(META_BYTES);
    const descriptor = openSync(file, "r");
    try {
      const length = readSync(descriptor, bytes, 0, META_BYTES, 0);
      const [line = ""] = bytes.toString("utf8", 0, length).split("\n", 1);
      // Cut in the middle where it is long: what is looked for stands at its beginning.
      return {
        id: /"id":"([0-9a-f-]{36})"/.exec(line)?.[1] ?? "",
        cwd: JSON.parse(`"${/"cwd":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? ""}"`) as string,
      };
    } finally {
      closeSync(descriptor);
    }
  }, "a file that can't be read is no conversation");
}

export const codexLine: AgentCommandLine = {
  locate,
  ownBusiness(words) {
    const line = read(words);
    const passed = line.flags.find((flag) => passes.has(nameOf(flag)));
    if (passed) return nameOf(passed);
    const [command] = line.words;
    return command !== undefined && commands.has(command) && threadNamed(line) === null ? command : null;
  },
  isCommand: (word) => commands.has(word),
  yolo: ["--dangerously-bypass-approvals-and-sandbox"],
  threadAsked(words, where) {
    const line = read(words);
    const how = threadNamed(line);
    if (how === null) return null;
    return { threadId: how === "named" ? (line.words[1] ?? null) : newestThread(where), fork: line.words[0] === "fork" };
  },
};
