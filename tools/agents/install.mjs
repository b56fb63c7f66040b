#!/usr/bin/env node
/**
 * Installs the real agents, each by exact version into a folder of its own in a cache outside the checkout, for the suites that drive them.
 * Plain Node, no dependencies. Repeatable: a finished install is recognised by its stamp; two runs at once wait for each other.
 *
 *   node tools/agents/install.mjs [name[@version]…]      prints what it does on stderr and `name<TAB>version<TAB>program` on stdout
 *
 * Suites run on the first version; `HAPI_CLAUDE_VERSION` (for each agent, by its name) chooses another.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** Those the drivers are tested with; the last is the newest. */
const versions = JSON.parse(readFileSync(new URL("../../packages/agents/src/verified.json", import.meta.url), "utf8"));

/** `program` is the path inside the install folder. */
export const AGENTS = {
  claude: {
    versions: versions.claude,
    package: "@anthropic-ai/claude-code",
    program: "node_modules/.bin/claude",
  },
  codex: { versions: versions.codex, package: "@openai/codex", program: "node_modules/.bin/codex" },
  opencode: { versions: versions.opencode, package: "opencode-ai", program: "node_modules/.bin/opencode" },
  gemini: { versions: versions.gemini, package: "@google/gemini-cli", program: "node_modules/.bin/gemini" },
  copilot: { versions: versions.copilot, package: "@github/copilot", program: "node_modules/.bin/copilot" },
  qwen: { versions: versions.qwen, package: "@qwen-code/qwen-code", program: "node_modules/.bin/qwen" },
};

const LOCK_STALE_MS = 60_000;
const LOCK_BEAT_MS = 10_000;
const INSTALL_DEADLINE_MS = 10 * 60_000;

const say = (text) => process.stderr.write(`agents: ${text}\n`);

export function cacheRoot(env = process.env) {
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "hapi-agents");
}

/** The version that the suites run on. */
export function chosenVersion(name, env = process.env) {
  return env[`HAPI_${name.toUpperCase()}_VERSION`] || AGENTS[name].versions[0];
}

export const newestVersion = (name) => AGENTS[name].versions.at(-1);

function folderOf(name, version) {
  return join(cacheRoot(), `${name}-${version}`);
}

/** The program of an installed agent, or null. */
function installed(name, version) {
  const folder = folderOf(name, version);
  const program = join(folder, AGENTS[name].program);
  return existsSync(join(folder, ".complete")) && existsSync(program) ? program : null;
}

/** Runs `work` while holding a lock folder that is touched while it is held; a lock nobody touches any more is taken over. */
async function locked(path, work) {
  let said = false;
  for (;;) {
    try {
      mkdirSync(path);
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    let age = 0;
    try {
      age = Date.now() - statSync(path).mtimeMs;
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
    if (age > LOCK_STALE_MS) {
      // Renamed first: of several waiters only one gets to remove the stale lock.
      const stale = `${path}.${process.pid}.stale`;
      try {
        renameSync(path, stale);
        rmSync(stale, { recursive: true, force: true });
      } catch (error) {
        if (error.code !== "ENOENT") throw error;
      }
      continue;
    }
    if (!said) say(`waiting for another install (${path})`);
    said = true;
    await sleep(500);
  }
  const beat = setInterval(() => utimesSync(path, new Date(), new Date()), LOCK_BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    rmSync(path, { recursive: true, force: true });
  }
}

function npm(args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn("npm", args, { cwd, stdio: ["ignore", 2, 2] });
    const timer = setTimeout(() => child.kill("SIGKILL"), INSTALL_DEADLINE_MS);
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve();
      else reject(new Error(`npm ${args.join(" ")} ended with ${signal ?? code}`));
    });
  });
}

/** Installs one agent unless it is there already; resolves to its program. */
export async function install(name, version = chosenVersion(name)) {
  const agent = AGENTS[name];
  if (!agent) throw new Error(`no agent "${name}"; known: ${Object.keys(AGENTS).join(", ")}`);
  const there = installed(name, version);
  if (there) return there;
  const folder = folderOf(name, version);
  mkdirSync(cacheRoot(), { recursive: true });
  return await locked(`${folder}.lock`, async () => {
    const meanwhile = installed(name, version);
    if (meanwhile) return meanwhile;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), `${JSON.stringify({ private: true })}\n`);
    say(`installing ${agent.package}@${version} into ${folder}`);
    // Asked for by exact version: a bare name resolves to an older one where this Node is older than the package asks for.
    await npm(["install", "--no-audit", "--no-fund", `${agent.package}@${version}`], folder);
    const program = join(folder, agent.program);
    if (!existsSync(program)) throw new Error(`${agent.package}@${version} was installed but ${program} is not there`);
    const found = JSON.parse(readFileSync(join(folder, "node_modules", agent.package, "package.json"), "utf8")).version;
    if (found !== version) throw new Error(`asked for ${agent.package}@${version}, got ${found}`);
    writeFileSync(join(folder, ".complete"), `${version}\n`);
    return program;
  });
}

/** The environment in which the suites find one version of an agent. */
export async function agentEnv(name, version = chosenVersion(name)) {
  const key = `HAPI_TEST_${name.toUpperCase()}`;
  return { [key]: await install(name, version), [`${key}_VERSION`]: version };
}

/** All of them in the chosen version, and where every version is: `HAPI_TEST_<AGENT>_ALL`, as `version=program` by lines. */
export async function installAgents(names = Object.keys(AGENTS)) {
  const env = {};
  for (const name of names) {
    Object.assign(env, await agentEnv(name));
    const all = [];
    for (const version of AGENTS[name].versions) all.push(`${version}=${await install(name, version)}`);
    env[`HAPI_TEST_${name.toUpperCase()}_ALL`] = all.join("\n");
  }
  return env;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = process.argv.slice(2).map((word) => word.split("@"));
  const wanted = asked.length > 0 ? asked : Object.keys(AGENTS).map((name) => [name]);
  for (const [name, one] of wanted) {
    for (const version of one ? [one] : (AGENTS[name]?.versions ?? [undefined])) {
      try {
        const before = AGENTS[name] && installed(name, version);
        const program = await install(name, version);
        say(before ? `${name} ${version} is there` : `${name} ${version} installed`);
        process.stdout.write(`${name}\t${version}\t${program}\n`);
      } catch (error) {
        say(`${name}: ${error.message}`);
        process.exitCode = 1;
      }
    }
  }
}
