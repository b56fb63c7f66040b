/**
 * An agent in a box (opt in, per session): bubblewrap gives its program the system read-only, its folder and its own settings writable, an own HOME,
 * /tmp and /run, and its own processes. HAPI's home (the hub's database and keys, other sessions) is not there, nor what else lies in the HOME.
 * What it must reach of us is named one by one. Pure but for the look at what is there.
 */
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { isBelow } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol/errors";
import { isTurnedAway, type LinkLooks } from "./box-links.ts";

/** What a session file says of its box; absent: it has none. */
export interface Box {
  network: boolean;
}

export interface BoxPlace {
  /** HAPI's. */
  home: string;
  userHome: string;
  cwd: string;
  sessionDir: string;
  /** The agent's own settings and conversations, which it writes. */
  ownPaths: readonly string[];
  /** Sockets of this session that its hooks call. */
  sockets: readonly string[];
  /** Programs, ours and the agent's. */
  programs: readonly string[];
  path: string | undefined;
}

export interface Looks extends LinkLooks {
  exists(path: string): boolean;
}

/** Processes and devices of the system. */
const SYSTEM = ["/proc", "/dev"];

/** Whoever is root may write these without a power of root's, and say there what the kernel runs. */
const KERNEL = ["/proc/sys", "/proc/sysrq-trigger"];

/** Name resolution of some systems. */
const RESOLVERS = ["/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager"];

export interface BoxInput {
  /** The program that makes it. */
  bwrap: string;
  box: Box;
  place: BoxPlace;
  /** The agent's own words: files of the session's folder that they name are given to it. */
  argv: readonly string[];
  looks: Looks;
}

/** The words before the agent's own. @throws `sandbox_unavailable` where its folder can't be given without what must stay hidden */
export function boxWords({ bwrap, box: { network }, place, argv, looks }: BoxInput): string[] {
  const { userHome, sessionDir } = place;
  const real = (path: string): string => looks.realPath(path) ?? resolve(path);
  const [home, ownHome, cwd] = [real(place.home), real(userHome), real(place.cwd)];
  const hidden = [ownHome, "/tmp", "/run"];
  refuseFolder(cwd, { home, ownHome });
  // In the HOME as the folder links are the person's, and all that they may lead to there is given anyway.
  const isAway = (path: string): boolean => cwd !== ownHome && isTurnedAway(path, [cwd], looks);
  for (const path of place.ownPaths) refuseOwnPath(path, { home, sessionDir, real, isAway });
  const isTooWide: TooWide = (folder) => hidden.some((one) => isBelow(one, real(folder)));
  const readable = [
    ...place.programs.filter((program) => !isAway(program)).flatMap((program) => aroundProgram(program, isTooWide, looks)),
    ...inPath(place.path, userHome, isTooWide),
  ].filter((path) => !isAway(path));
  const ofSession = argv.filter((word) => isBelow(word, sessionDir) && word !== sessionDir && isAbsolute(word));
  const uploads = join(sessionDir, "uploads");
  const given = (flag: string, paths: readonly string[]): string[] =>
    [...new Set(paths.filter((path) => looks.exists(path)).map(real))].flatMap((path) => [flag, path, path]);
  const named = [...RESOLVERS, ...readable, place.cwd, place.home, ...place.ownPaths, uploads, ...ofSession, ...place.sockets];
  const inHome = named.map((path) => (isBelow(path, userHome) ? join(ownHome, relative(userHome, path)) : resolve(path)));
  const gone = inHome.filter((path) => hides(path, hidden) && !isBelow(path, cwd));
  return [
    bwrap,
    // Of root's powers none is left: with them everything that hides can be taken away again.
    ...["--die-with-parent", "--cap-drop", "ALL", "--unshare-pid", "--unshare-ipc", ...(network ? [] : ["--unshare-net"])],
    ...["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/run", "--tmpfs", ownHome],
    ...KERNEL.flatMap((path) => ["--ro-bind-try", path, path]),
    ...linksAnew(gone, real),
    ...given("--ro-bind", RESOLVERS),
    ...given(
      "--ro-bind",
      readable.filter((path) => hides(real(path), hidden)),
    ),
    ...["--bind", cwd, cwd],
    // After the folder: where that is the whole HOME, this must still not be in it.
    ...["--tmpfs", home],
    ...given("--bind", place.ownPaths),
    ...given("--ro-bind", [uploads, ...ofSession]),
    ...given("--bind", place.sockets),
    ...["--chdir", place.cwd, "--"],
  ];
}

/** All real. The HOME itself may be given: what that means is the person's to know. */
function refuseFolder(cwd: string, { home, ownHome }: { home: string; ownHome: string }): void {
  const refuse = (why: string): never => {
    throw new AppError("sandbox_unavailable", why);
  };
  if (isBelow(cwd, home)) refuse("A folder of HAPI's own can't be used in a sandbox. Choose another folder.");
  const isOverHidden = ["/tmp", "/run", ...SYSTEM, ...(cwd === ownHome ? [] : [ownHome])].some((one) => isBelow(one, cwd));
  if (isOverHidden || SYSTEM.some((one) => isBelow(cwd, one)))
    refuse(`${cwd} can't be used in a sandbox: all that is to be hidden would be in it. Choose a folder of its own for the work.`);
}

interface OwnPathPlace {
  home: string;
  sessionDir: string;
  real(path: string): string;
  isAway(path: string): boolean;
}

/** What is the agent's own is writable, and is laid over what hides HAPI's home. */
function refuseOwnPath(path: string, { home, sessionDir, real, isAway }: OwnPathPlace): void {
  const at = real(path);
  const isOfHapi = isBelow(home, at) || (isBelow(at, home) && !isBelow(at, real(sessionDir)));
  if (isAway(path) || isOfHapi)
    throw new AppError(
      "sandbox_unavailable",
      `${path} is the agent's own and leads to ${at}, which a sandbox must not give. Look what made it a link; put something else there, or start without a sandbox.`,
    );
}

/** Everything is where it really is; of a path whose links are hidden the first one is made anew, and leads there. */
function linksAnew(paths: readonly string[], real: (path: string) => string): string[] {
  const links = [...new Set(paths)].filter((path) => real(path) !== path).toSorted((a, b) => a.length - b.length);
  const first = links.filter((path, at) => !links.slice(0, at).some((shorter) => isBelow(path, shorter)));
  return first.flatMap((path) => ["--symlink", real(path), path]);
}

const hides = (path: string, folders: readonly string[]): boolean => folders.some((folder) => isBelow(path, folder));

/** Whether a folder is, or holds, one that is hidden: it would be given with all that lies in it. */
type TooWide = (folder: string) => boolean;

/** Where a program lies and where its name leads; for a package, the package. In a folder that is too wide, the program alone. */
function aroundProgram(program: string, isTooWide: TooWide, looks: Looks): string[] {
  const real = looks.realPath(program);
  const folders = [dirname(program), ...(real === null ? [] : [packageOf(real, isTooWide, looks)])];
  return folders.map((folder) => (isTooWide(folder) ? program : folder));
}

/** With what it loads. */
function packageOf(file: string, isTooWide: TooWide, looks: Looks): string {
  const at = file.lastIndexOf("/node_modules/");
  if (at >= 0) return file.slice(0, at + "/node_modules".length);
  for (let folder = dirname(file); !isTooWide(folder); folder = dirname(folder))
    if (looks.exists(join(folder, "node_modules"))) return folder;
  return dirname(file);
}

/** Tools that the person has in their HOME: `~/.cargo/bin`, and what a version manager keeps beside its `bin`. */
function inPath(path: string | undefined, userHome: string, isTooWide: TooWide): string[] {
  const named = (path ?? "").split(":").filter((folder) => isAbsolute(folder));
  const folders = named.map((folder) => resolve(folder)).filter((folder) => isBelow(folder, userHome) && !isTooWide(folder));
  return folders.map((folder) => {
    const above = dirname(folder);
    const isShared = above === userHome || dirname(above) === userHome || isTooWide(above);
    return basename(folder) === "bin" && !isShared ? above : folder;
  });
}
