/**
 * The JSON messages between host and peers, read field by field without a schema library: the host must stay tiny. Unknown fields are
 * ignored and unknown operations are answered with an error, so that old and new versions can talk.
 */
import { AppError, type ErrorCode } from "@hapi/protocol/errors";
import { FrameError } from "./frames.ts";
import type { Display, ExitStatus, SpawnSpec, StreamName, TypedLine, ViewerInfo } from "./port.ts";

/** Versions of the messages inside the frames this code speaks, best first. */
export const protocolVersions = [1] as const;

export type Role = "controller" | "viewer" | "probe";

export interface Hello {
  token: string;
  role: Role;
  versions: readonly number[];
  /** Viewers only. */
  cols?: number;
  rows?: number;
}

export interface ProcessFacts {
  /** The host's own number, used in binary frames. */
  number: number;
  launchId: string;
  kind: "pty" | "pipe";
  pid: number;
  startTime: string | null;
  startedAt: number;
  exit: ExitStatus | null;
}

export interface HostFacts {
  version: number;
  sessionId: string;
  pid: number;
  startTime: string | null;
  startedAt: number;
  processes: readonly ProcessFacts[];
  viewers: readonly ViewerInfo[];
  display: Display;
  hasController: boolean;
  /** The session process the host keeps running. */
  session: { pid: number | null; starts: number };
}

export type HostEventMessage =
  | { event: "process"; process: ProcessFacts }
  /** Its last bytes were dropped with it; the id may be used again. */
  | { event: "forgotten"; number: number }
  | { event: "gap"; read: number; oldest: number }
  | { event: "eof"; read: number }
  | { event: "viewers"; viewers: readonly ViewerInfo[] }
  | { event: "typed"; at: number; typed?: TypedLine }
  /** To a viewer: the session is over. */
  | { event: "exit"; exitCode: number; message?: string }
  /** To a controller: another one has taken its place. */
  | { event: "replaced" };

export type Fields = Record<string, unknown>;

export function text(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value === "string") return value;
  throw new FrameError(`"${key}" is not a text`);
}

export function integer(fields: Fields, key: string): number {
  const value = fields[key];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new FrameError(`"${key}" is not a whole number`);
}

export function optional<T>(fields: Fields, key: string, read: (fields: Fields, key: string) => T): T | undefined {
  return fields[key] === undefined || fields[key] === null ? undefined : read(fields, key);
}

function texts(fields: Fields, key: string): string[] {
  const value = fields[key];
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw new FrameError(`"${key}" is not a list of texts`);
}

function record(fields: Fields, key: string): Fields {
  const value = fields[key];
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new FrameError(`"${key}" is not an object`);
}

export function readHello(fields: Fields): Hello {
  const role = text(fields, "role");
  if (role !== "controller" && role !== "viewer" && role !== "probe") throw new FrameError(`"${role}" is no role`);
  const versions = fields["versions"];
  if (!Array.isArray(versions)) throw new FrameError(`"versions" is not a list`);
  return {
    token: text(fields, "token"),
    role,
    versions: versions.filter((version) => Number.isSafeInteger(version)),
    cols: optional(fields, "cols", integer),
    rows: optional(fields, "rows", integer),
  };
}

const maxRingBytes = 64 << 20;

export function readSpawnSpec(fields: Fields): SpawnSpec {
  const spec = record(fields, "spec");
  const kind = text(spec, "kind");
  const argv = texts(spec, "argv");
  const env = record(spec, "env");
  if (kind !== "pty" && kind !== "pipe") throw new FrameError(`"${kind}" is no kind of process`);
  if (argv.length === 0) throw new FrameError(`"argv" is empty`);
  return {
    launchId: text(spec, "launchId"),
    kind,
    argv,
    cwd: text(spec, "cwd"),
    env: Object.fromEntries(Object.keys(env).map((name) => [name, text(env, name)])),
    cols: optional(spec, "cols", integer),
    rows: optional(spec, "rows", integer),
    ringBytes: Math.min(optional(spec, "ringBytes", integer) ?? 4 << 20, maxRingBytes),
  };
}

export function readDisplay(fields: Fields): Display {
  const display = record(fields, "display");
  return text(display, "kind") === "process" ? { kind: "process", launchId: text(display, "launchId") } : { kind: "controller" };
}

export function readStream(fields: Fields): StreamName {
  return fields["stream"] === "err" ? "err" : "out";
}

/** Failures as they travel in a reply. */
export function errorFields(cause: unknown): { ok: false; code: ErrorCode; message: string } {
  if (cause instanceof AppError) return { ok: false, code: cause.code, message: cause.message };
  return { ok: false, code: "internal", message: cause instanceof Error ? cause.message : String(cause) };
}

export function replyError(fields: Fields): AppError {
  const code = typeof fields["code"] === "string" ? (fields["code"] as ErrorCode) : "internal";
  return new AppError(code, typeof fields["message"] === "string" ? fields["message"] : undefined);
}
