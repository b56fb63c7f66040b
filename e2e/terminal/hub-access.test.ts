/** An agent runs as the person does, and so reads the environment and the command line of every process of theirs: no hub credential is in them. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type HubApi, machineCalls } from "@hapi/client";
import { decodeContent } from "@hapi/core";
import { attempt, processStartTime, spawnPiped } from "@hapi/platform";
import { HAPI, openPlace, until } from "./place.ts";

const TOKEN = "a-token-that-nobody-else-may-read-0123456789";
const HEADER = "the-gate-in-front-of-it-0123456789";

/** The agents of these sessions have said it. */
async function haveSaid(api: HubApi, ids: readonly string[], text: string): Promise<boolean> {
  const pages = await Promise.all(ids.map((id) => api.messages.page(id)));
  const events = pages.map(({ messages }) => messages.flatMap((row) => decodeContent(row.content, { id: row.id })));
  return events.every((said) => said.some((event) => event.type === "agent-message" && event.text === text));
}

interface Seen {
  pid: number;
  argv: string;
  environ: string;
}

/** Every process that has this folder for its home. */
function processesOf(root: string): Seen[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const read = (file: string): string | undefined =>
        attempt(() => readFileSync(join("/proc", name, file), "utf8"), "it has ended meanwhile, or is somebody else's");
      const [argv, environ] = [read("cmdline"), read("environ")];
      if (argv === undefined || environ === undefined || !environ.includes(`HOME=${root}`)) return [];
      return [{ pid: Number(name), argv: argv.replaceAll("\0", " "), environ }];
    });
}

test.skipIf(process.platform !== "linux")(
  "no process of a living session, of its runner, or of the agent shows what the hub is told, however it was given",
  async () => {
    await using place = await openPlace();
    const given = { CLI_API_TOKEN: TOKEN, HAPI_EXTRA_HEADERS_JSON: JSON.stringify({ "x-gate": HEADER }) };
    const hub = spawnPiped([HAPI, "hub", "--quiet", "--port", String(place.port)], {
      cwd: place.root,
      env: { ...place.env, ...given },
      ownGroup: true,
    });
    const api = place.api(TOKEN);
    const machine = await until(async () => (await api.machines.list().catch(() => []))[0], "the runner is online");
    const byHand = await place.hapi(["demo", "--new", "--hapi-starting-mode", "remote"], { cwd: place.project("by-hand"), env: given });
    expect([byHand.code, byHand.stderr.includes("Connected")]).toEqual([0, true]);
    const spawned = await machineCalls(api).spawn(machine.id, { directory: place.project("spawned"), agent: "demo" });
    expect(spawned.type).toBe("success");
    const sessions = await until(async () => {
      const rows = await api.sessions.list();
      return rows.filter(({ active }) => active).length === 2 ? rows : null;
    }, "both sessions are at the hub");
    const ids = sessions.map(({ id }) => id);
    for (const id of ids) await api.messages.send(id, { text: "say: hello", localId: crypto.randomUUID() });
    await until(() => haveSaid(api, ids, "hello"), "both agents run");

    const [hubPid = 0] = place.hubPids();
    const seen = processesOf(place.root).filter(({ pid }) => pid !== hubPid && pid !== hub.pid);
    const count = (word: string): number => seen.filter(({ argv }) => argv.includes(word)).length;
    expect([count(" __host ") >= 2, count(" __session") >= 4, count(" runner run"), count("hapi-keeper") >= 2]).toEqual([
      true,
      true,
      1,
      true,
    ]);
    const shows = (text: string): boolean => text.includes(TOKEN) || text.includes(HEADER);
    expect(seen.filter(({ argv, environ }) => shows(argv) || shows(environ)).map(({ argv }) => argv)).toEqual([]);

    // It is in files of the home, for nobody else.
    for (const { id } of sessions) expect(statSync(join(place.home, "sessions", id, "hub-access.json")).mode & 0o777).toBe(0o600);
    // A session process that is killed knows it again.
    const session = seen.find(({ argv }) => argv.includes(" __session") && !argv.includes(" __host "));
    process.kill(session?.pid ?? 0, "SIGKILL");
    await until(async () => processStartTime(session?.pid ?? 0) === null, "it is gone");
    for (const { id } of sessions) await api.messages.send(id, { text: "say: once more", localId: crypto.randomUUID() });
    await until(() => haveSaid(api, ids, "once more"), "both go on");
  },
  120_000,
);
