/** Puts what a driver starts into the session's box; says in words why there is none. */
import { existsSync, mkdirSync, readlinkSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import type { AgentDriver } from "@hapi/agents";
import type { HostControl, SpawnSpec } from "@hapi/host";
import { attempt, findProgram, runCommand, selfCommand, systemProgram } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import type { SessionFile } from "./session-file.ts";
import { type Box, type BoxPlace, boxWords } from "./box.ts";
import { forwardingHost } from "./forwarding-host.ts";

/** Never by the PATH: it may name a folder that the agent writes, and this runs outside the box. */
const findBwrap = (folders?: string): string | null => (process.platform === "linux" ? systemProgram("bwrap", folders) : null);

const TRIAL_MS = 5_000;
const looks = {
  exists: existsSync,
  realPath: (path: string): string | null => attempt(() => realpathSync(path), "it is not there") ?? null,
  linkTarget: (path: string): string | null => attempt(() => readlinkSync(path), "it is no link") ?? null,
};

/** `folders`: where the system keeps it. @returns the program that makes the box. @throws `sandbox_unavailable` */
export async function requireBox(driver: Pick<AgentDriver, "displayName" | "ownPaths">, folders?: string): Promise<string> {
  if (!driver.ownPaths)
    throw new AppError("sandbox_unavailable", `${driver.displayName} can't be run in a sandbox yet. Start it without one.`);
  const bwrap = findBwrap(folders);
  if (!bwrap)
    throw new AppError(
      "sandbox_unavailable",
      "A sandbox needs Linux and bubblewrap. Install it for the whole system (the package is called bubblewrap), or start without a sandbox.",
    );
  const trial = [
    bwrap,
    "--ro-bind",
    "/",
    "/",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--cap-drop",
    "ALL",
    "--ro-bind-try",
    "/proc/sys",
    "/proc/sys",
    "--unshare-pid",
    "--unshare-net",
    "--",
    "/bin/sh",
    "-c",
    ":",
  ];
  const { code, stderr } = await runCommand(trial, { cwd: "/", env: {}, timeoutMs: TRIAL_MS });
  if (code === 0) return bwrap;
  const why = stderr.trim().split("\n").at(-1) ?? "";
  throw new AppError(
    "sandbox_unavailable",
    `bubblewrap can't make a sandbox on this system (${why.slice(0, 200)}). Allow unprivileged user namespaces, or start without a sandbox.`,
  );
}

/** Before a session of this file is started: nobody gets one without the sandbox that was asked for. */
export async function requireBoxOf(
  { box }: Pick<SessionFile, "box">,
  driver: Pick<AgentDriver, "displayName" | "ownPaths">,
): Promise<void> {
  if (box) await requireBox(driver);
}

/** Whether there is a point in asking this machine. */
export const canBox = (): boolean => findBwrap() !== null;

export interface BoxedInput extends Pick<BoxPlace, "home" | "cwd" | "sessionDir" | "sockets"> {
  box: Box;
  driver: Pick<AgentDriver, "displayName" | "ownPaths">;
}

/** The host as the driver sees it: everything it spawns is in the box, or is not spawned. */
export function boxedHost(host: HostControl, { box, driver, ...place }: BoxedInput): HostControl {
  const boxed = async (spec: SpawnSpec): Promise<SpawnSpec> => {
    const env = spec.env ?? {};
    const bwrap = await requireBox(driver);
    refuseReplaced(place.cwd);
    const [program = ""] = spec.argv;
    const own = selfCommand();
    const userHome = env["HOME"] || homedir();
    const { folders = [], files = [] } = driver.ownPaths?.({ env: definedOnly(env), sessionDir: place.sessionDir }) ?? {};
    for (const folder of folders) mkdirSync(folder, { recursive: true, mode: 0o700 });
    const programs = [
      program.includes("/") ? program : (findProgram(program, env) ?? program),
      ...own.filter((word) => word.startsWith("/")),
    ];
    const given = { ...place, userHome, ownPaths: [...folders, ...files], programs, path: env["PATH"] };
    const words = boxWords({ bwrap, box, place: given, argv: spec.argv, looks });
    return { ...spec, argv: [...words, ...spec.argv] };
  };
  return forwardingHost(host, async (spec) => host.spawn(await boxed(spec)));
}

/** The folder of a session is kept as it really is. */
function refuseReplaced(cwd: string): void {
  const real = looks.realPath(cwd);
  if (real === null || real === cwd) return;
  throw new AppError(
    "sandbox_unavailable",
    `${cwd} was a folder when this session was begun and leads to ${real} now, which its sandbox is not for. Put the folder back, or start a new session.`,
  );
}

const definedOnly = (env: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
