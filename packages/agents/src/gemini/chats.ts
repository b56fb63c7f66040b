/**
 * Gemini CLI's record of its conversations, and what it does wrong there (measured on 0.61.0). One file holds one conversation:
 * `<home>/.gemini/tmp/<project>/chats/session-<YYYY-MM-DDTHH-MM>-<first 8 of its id>.jsonl`, a header line and message lines.
 *
 * - Opened within the minute of its name, it is emptied: the new process begins a record of the same name.
 * - Each opening leaves a second file without a message under the same id; the next start of any Gemini takes that for a conversation that was
 *   never used, and removes all files of its id.
 *
 * So, before a conversation is opened: one file is left of it, with the name of an earlier minute, and a copy of it lies with the session.
 */
import { existsSync as isThere } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { ResumePlace } from "../acp/profile.ts";
import { fields, filled } from "../shared/read.ts";
import { parseRecord } from "./records.ts";

const MINUTE_MS = 60_000;
const KEPT = "gemini-chat.jsonl";

const minuteOf = (at: number): string => new Date(at).toISOString().slice(0, 16).replace(":", "-");
const nameAt = (at: number, threadId: string): string => `session-${minuteOf(at)}-${threadId.slice(0, 8)}.jsonl`;

async function entries(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT" || (cause as NodeJS.ErrnoException).code === "ENOTDIR") return [];
    throw cause;
  }
}

export const geminiHome = (env: Readonly<Record<string, string>>): string =>
  join(env["GEMINI_CLI_HOME"] || env["HOME"] || homedir(), ".gemini");

/** Files that hold this conversation, or were left under its id. */
export async function chatFiles(env: Readonly<Record<string, string>>, threadId: string): Promise<string[]> {
  const projects = join(geminiHome(env), "tmp");
  const suffix = `-${threadId.slice(0, 8)}.jsonl`;
  const found: string[] = [];
  for (const project of await entries(projects)) {
    const chats = join(projects, project, "chats");
    const names = (await entries(chats)).filter((name) => name.startsWith("session-") && name.endsWith(suffix));
    found.push(...names.map((name) => join(chats, name)));
  }
  const isOurs = await Promise.all(found.map(async (file) => (await headOf(file)).id === threadId));
  return found.filter((_, index) => isOurs[index]);
}

/** Whose it is, and whether anything was said in it. */
async function headOf(file: string): Promise<{ id: string | undefined; isUsed: boolean; size: number }> {
  const words = await readFile(file, "utf8");
  const lines = words.split("\n").map(parseRecord);
  const isUsed = lines.some((line) => line["type"] === "user" || line["type"] === "gemini");
  return { id: filled(fields(lines[0])["sessionId"]), isUsed, size: words.length };
}

async function leaveOne(env: Readonly<Record<string, string>>, threadId: string): Promise<string | undefined> {
  const files = await chatFiles(env, threadId);
  const heads = await Promise.all(files.map(headOf));
  const used = files.flatMap((file, index) => (heads[index]?.isUsed ? [{ file, size: heads[index].size }] : []));
  const [largest] = used.toSorted((a, b) => b.size - a.size);
  if (!largest) return undefined;
  for (const [index, file] of files.entries()) if (!heads[index]?.isUsed) await rm(file, { force: true });
  return largest.file;
}

export async function guardChat(place: ResumePlace): Promise<void> {
  const { env, threadId, sessionDir, clock } = place;
  const kept = join(sessionDir, KEPT);
  const file = (await leaveOne(env, threadId)) ?? (await putBack(place, kept));
  if (file === undefined) return;
  const named = await earlierName(file, threadId, clock.now());
  await copyFile(named, kept);
}

/** With the name of a minute that is over. */
async function earlierName(file: string, threadId: string, now: number): Promise<string> {
  if (basename(file) !== nameAt(now, threadId)) return file;
  const taken = new Set(await entries(dirname(file)));
  let at = now - MINUTE_MS;
  while (taken.has(nameAt(at, threadId))) at -= MINUTE_MS;
  const named = join(dirname(file), nameAt(at, threadId));
  await rename(file, named);
  return named;
}

/** Another Gemini has removed it since this session opened it last. */
async function putBack({ env, cwd, threadId, clock }: ResumePlace, kept: string): Promise<string | undefined> {
  const head = isThere(kept) ? await headOf(kept) : null;
  const projects = join(geminiHome(env), "projects.json");
  const names = isThere(projects) ? fields(parseRecord(await readFile(projects, "utf8"))["projects"]) : {};
  const project = filled(names[cwd]);
  if (head?.id !== threadId || project === undefined) return undefined;
  for (const empty of await chatFiles(env, threadId)) await rm(empty, { force: true });
  const file = join(geminiHome(env), "tmp", project, "chats", nameAt(clock.now() - MINUTE_MS, threadId));
  await mkdir(dirname(file), { recursive: true });
  await copyFile(kept, file);
  return file;
}

/** The file without a message that the opening left beside the conversation's own. */
export async function clearLeftovers({ env, threadId }: ResumePlace): Promise<void> {
  await leaveOne(env, threadId);
}
