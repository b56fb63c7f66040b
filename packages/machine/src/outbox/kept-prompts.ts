/**
 * Prompts of this machine's commands on their way to a hub: one file each in `<home>/outbox`, private, checksummed, written whole and flushed
 * before anything is sent. Many processes use the folder at once; a file per prompt needs no lock to be added or taken away.
 */
import { readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { MAX_OUTBOX, type OutboxEntry } from "@hapi/client";
import { DEVICE_STATES } from "@hapi/core";
import { decodeLine, encodeLine, ensurePrivateDir, reachableHost, syncDir, writeFileAtomic } from "@hapi/platform";
import { AppError, attachmentSchema } from "@hapi/protocol";

const SUFFIX = ".prompt";

const keptSchema = z.looseObject({
  localId: z.string().check(z.regex(/^[A-Za-z0-9-]{1,64}$/)),
  sessionId: z.string(),
  text: z.string(),
  attachments: z.array(attachmentSchema),
  createdAt: z.number(),
  scheduledAt: z.optional(z.nullable(z.number())),
  deliveryMode: z.optional(z.enum(["queue", "steer"])),
  state: z.enum(DEVICE_STATES),
  order: z.number(),
  error: z.optional(z.object({ code: z.string(), message: z.string(), retryable: z.boolean() })),
  hub: z.nullable(z.string()),
  namespace: z.string(),
  sessionName: z.optional(z.string()),
});

export interface KeptPrompt extends OutboxEntry {
  /** The hub it was written for; null: the one that runs on this home, wherever it listens. */
  hub: string | null;
  namespace: string;
  /** For people. */
  sessionName?: string;
}

/** A hub that can be sent to now. */
export interface HubTarget {
  url: string;
  /** The one that runs on this home. */
  isOwn: boolean;
  namespace: string;
}

export function outboxDir(home: string): string {
  return join(home, "outbox");
}

/** The part of an access token that says whose sessions it sees. */
export function namespaceOf(token: string): string {
  const at = token.lastIndexOf(":");
  return at < 0 ? "" : token.slice(at + 1);
}

/** A prompt must never reach a session of the same id elsewhere. */
export function isFor(prompt: KeptPrompt, target: HubTarget): boolean {
  if (prompt.namespace !== target.namespace) return false;
  return prompt.hub === null ? target.isOwn : isSameHub(prompt.hub, target.url);
}

export function isSameHub(one: string, other: string): boolean {
  const address = (text: string): string | null => {
    const url = URL.parse(text);
    if (!url) return null;
    const host = url.hostname === "localhost" || url.hostname === "[::1]" ? "127.0.0.1" : reachableHost(url.hostname);
    return `${url.protocol}//${host}:${url.port}${url.pathname.replace(/\/+$/, "")}`;
  };
  return address(one) !== null && address(one) === address(other);
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => name.endsWith(SUFFIX) && !name.startsWith("."))
      .toSorted();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw cause;
  }
}

/** Cheap: reads no file. */
export function hasKeptPrompts(home: string): boolean {
  return namesIn(outboxDir(home)).length > 0;
}

/** In the order they were written. A file that can't be understood is put aside as `….damaged` and never sent. */
export function readKeptPrompts(home: string): KeptPrompt[] {
  const dir = outboxDir(home);
  return namesIn(dir).flatMap((name) => readOne(join(dir, name)) ?? []);
}

export function findKeptPrompt(home: string, localId: string): KeptPrompt | null {
  return readKeptPrompts(home).find((prompt) => prompt.localId === localId) ?? null;
}

function readOne(path: string): KeptPrompt | null {
  let line: string;
  try {
    line = readFileSync(path, "utf8");
  } catch (cause) {
    // Another process sent it meanwhile.
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw cause;
  }
  const parsed = keptSchema.safeParse(decodeLine(line.trimEnd())?.record);
  if (parsed.success) return parsed.data;
  try {
    renameSync(path, `${path}.damaged`);
  } catch (cause) {
    // Another process met it too, and was faster.
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
  }
  return null;
}

/** What was put aside. */
export function damagedPrompts(home: string): string[] {
  const dir = outboxDir(home);
  try {
    return readdirSync(dir)
      .filter((name) => name.endsWith(`${SUFFIX}.damaged`))
      .map((name) => join(dir, name));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw cause;
  }
}

const ORDER_DIGITS = 16;
const nameOf = (prompt: Pick<KeptPrompt, "order" | "localId">): string =>
  `${String(prompt.order).padStart(ORDER_DIGITS, "0")}-${prompt.localId}${SUFFIX}`;

export type NewPrompt = Pick<KeptPrompt, "sessionId" | "text" | "hub" | "namespace"> &
  Partial<Pick<KeptPrompt, "scheduledAt" | "deliveryMode" | "sessionName">>;

/** On the disk when this returns. */
export function keepPrompt(home: string, prompt: NewPrompt, facts: { now: number; localId: string }): KeptPrompt {
  const names = namesIn(outboxDir(home));
  if (names.length >= MAX_OUTBOX)
    throw new AppError("rate_limited", `${names.length} prompts wait to be sent already. See them, or take some back, with: hapi outbox`);
  // The clock may have gone back since the one before.
  const last = Number(names.at(-1)?.slice(0, ORDER_DIGITS) ?? 0);
  const order = Math.max(facts.now, last + 1);
  const kept: KeptPrompt = { ...prompt, localId: facts.localId, attachments: [], createdAt: facts.now, state: "sending", order };
  writeKeptPrompt(home, kept);
  return kept;
}

export function writeKeptPrompt(home: string, prompt: KeptPrompt): void {
  ensurePrivateDir(home);
  const dir = ensurePrivateDir(outboxDir(home));
  try {
    writeFileAtomic(join(dir, nameOf(prompt)), encodeLine(prompt), { mode: 0o600 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOSPC") throw new AppError("database_full", "The disk is full: the prompt was neither kept nor sent.", { cause });
    if (code === "EACCES" || code === "EROFS")
      throw new AppError("home_not_writable", `HAPI can't write to ${dir}. Make it writable, or set HAPI_HOME to another folder.`, {
        cause,
      });
    throw cause;
  }
}

export function forgetKeptPrompt(home: string, prompt: Pick<KeptPrompt, "order" | "localId">): void {
  const dir = outboxDir(home);
  rmSync(join(dir, nameOf(prompt)), { force: true });
  syncDir(dir);
}
