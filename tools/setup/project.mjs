/**
 * What every command of the checkout needs before HAPI's own runtime is there: plain Node 20, no dependencies.
 * Knows where things are, installs what is missing, and runs programs with inherited output.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(fileURLToPath(import.meta.url), "../../..");

const stampFile = join(root, "node_modules/.hapi-installed");

export function say(text) {
  process.stderr.write(`${text}\n`);
}

export function fail(text) {
  say(`\nhapi: ${text}`);
  process.exit(1);
}

/** Runs a program in the checkout and resolves with its exit code; a signal sent to us reaches it too. */
export function run(command, args, options = {}) {
  return new Promise((done, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", ...options });
    const pass = (signal) => child.kill(signal);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, pass);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.off(name, pass);
      done(code ?? (signal ? 1 : 0));
    });
  });
}

function lockHash() {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .update(process.platform + process.arch)
    .digest("hex");
}

/** Installs the exact versions of package-lock.json unless they are there already. */
export async function ensureInstalled() {
  const wanted = lockHash();
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === wanted && bunPath()) return;
  say("Installing what HAPI needs (once, about half a minute) …");
  const code = await run(process.platform === "win32" ? "npm.cmd" : "npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    stdio: ["ignore", 2, 2],
  });
  if (code !== 0) fail("npm ci failed. Check the network and the disk, then run the same command again.");
  if (!bunPath()) fail("the runtime for this system was not installed. HAPI runs on Linux and macOS, x64 and arm64.");
  writeFileSync(stampFile, wanted);
}

/** The Bun that npm installed for this system, or null. */
export function bunPath() {
  const scope = join(root, "node_modules/@oven");
  if (!existsSync(scope)) return null;
  for (const name of readdirSync(scope)) {
    const candidate = join(scope, name, "bin/bun");
    if (existsSync(candidate)) return candidate;
  }
  return null;
}

/** Newest change below these folders, in ms: cheap staleness for builds. */
function newestChange(folders) {
  let newest = 0;
  const visit = (path) => {
    const facts = statSync(path);
    if (!facts.isDirectory()) {
      newest = Math.max(newest, facts.mtimeMs);
      return;
    }
    for (const entry of readdirSync(path)) {
      if (entry !== "node_modules" && entry !== "dist") visit(join(path, entry));
    }
  };
  for (const folder of folders) visit(join(root, folder));
  return newest;
}

/** Builds the web app when its sources are newer than what was built. */
export async function ensureWebBuilt() {
  const built = join(root, "packages/web/dist/index.html");
  const sources = ["packages/web", "packages/client", "packages/core", "packages/protocol"];
  if (existsSync(built) && statSync(built).mtimeMs >= newestChange(sources)) return;
  say("Building the web app …");
  const code = await run(process.execPath, [join(root, "node_modules/vite/bin/vite.js"), "build", "--logLevel", "warn"], {
    cwd: join(root, "packages/web"),
    stdio: ["ignore", 2, 2],
  });
  if (code !== 0) fail("the web app could not be built; the reason is above.");
}

const chromiumPlaces = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"];
const macPlaces = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium"];

export function findChromium() {
  const named = process.env.HAPI_CHROMIUM;
  if (named) return existsSync(named) ? named : null;
  return [...chromiumPlaces, ...macPlaces].find((place) => existsSync(place)) ?? null;
}

/** The system's Chromium, or one from the system's packages when we may install it. Null, after saying so, when neither can be had. */
export function ensureChromium() {
  const found = findChromium();
  if (found) return found;
  if (canInstall()) {
    say("Installing Chromium for the browser tests (once) …");
    installPackages("chromium", "fonts-dejavu-core");
  }
  return findChromium();
}

const canInstall = () => process.platform === "linux" && process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0;

/** Of the system, where we may. */
function installPackages(...names) {
  const options = { stdio: ["ignore", 2, 2], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  spawnSync("apt-get", ["update", "-qq"], options);
  spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...names], options);
}

/** A program of the system, from its packages when we may install them. */
function ensureProgram(name, argument, packageName) {
  const has = () => spawnSync(name, [argument]).status === 0;
  if (!has() && canInstall()) installPackages(packageName);
  return has();
}

/** tmux for the terminal tests. */
export const ensureTmux = () => ensureProgram("tmux", "-V", "tmux");

/** bubblewrap for the tests of the sandbox. */
export const ensureBubblewrap = () => ensureProgram("bwrap", "--version", "bubblewrap");

export function ensureFolder(path) {
  mkdirSync(path, { recursive: true });
  return path;
}
