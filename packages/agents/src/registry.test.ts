import { describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { permissionModesOf } from "@hapi/protocol";
import { createAcpDriver } from "./acp/driver.ts";
import { openWorld } from "./contract/world.ts";
import { allDrivers, createRegistry, driverFor } from "./registry.ts";

const demoMain = fileURLToPath(new URL("./demo/main.ts", import.meta.url));

describe("registry", () => {
  test("the built-in agents have a flavor and a name each, once", () => {
    const { drivers } = createRegistry();
    expect(drivers.map((driver) => driver.flavor)).toContain("demo");
    expect(new Set(drivers.map((driver) => driver.flavor)).size).toBe(drivers.length);
    for (const driver of drivers) expect(driver.displayName).not.toBe("");
  });

  // What stands here is all that a new agent costs: one folder (the profile) and one line (the registry's list).
  test("an agent is one folder and one line: it is known, detected, and holds a conversation", async () => {
    const dummyDriver = createAcpDriver({ flavor: "dummy", displayName: "Dummy", command: () => [process.execPath, demoMain, "acp"] });
    const registry = createRegistry({ drivers: [...createRegistry().drivers, dummyDriver] });
    const driver = registry.get("dummy");
    expect(driver?.displayName).toBe("Dummy");
    if (!driver) throw new Error("unreachable");
    expect(await driver.detect({})).toMatchObject({ available: true });
    await using world = await openWorld({
      name: "dummy",
      driver,
      prepare: (folder) =>
        Promise.resolve({ cwd: folder, env: { HOME: folder, HAPI_DEMO_DIR: join(folder, "demo"), HAPI_DEMO_SPEED: "0" } }),
    });
    await world.start();
    expect((await world.untilEnd(await world.prompt("hello"))).outcome).toBe("completed");
  });

  test("agents of settings.json are drivers; what can't be used is named and leaves the rest alone", async () => {
    const home = await mkdtemp(join(tmpdir(), "hapi-registry-"));
    try {
      const agents = {
        goose: { command: ["goose", "acp"], name: "Goose", env: { GOOSE_MODE: "approve" } },
        demo: { command: ["evil"] },
        "Bad Name": { command: ["x"] },
        empty: { command: [] },
        wordless: { command: "prog", args: ["--acp", 3] },
        modeless: { command: ["prog"], modes: { everything: "yolo" } },
      };
      await writeFile(join(home, "settings.json"), JSON.stringify({ agents }));
      expect(allDrivers(home).map((driver) => driver.flavor)).toEqual([
        ...createRegistry().drivers.map((driver) => driver.flavor),
        "goose",
      ]);
      expect(createRegistry({ declared: agents }).problems).toEqual([
        'settings.json: "demo" is the name of an agent that is there already',
        'settings.json: "Bad Name" is not a name for an agent (lower case letters, digits and dashes)',
        'settings.json: the agent "empty" needs a "command", a list of words',
        'settings.json: the agent "wordless" has "args" that are no list of words',
        'settings.json: the agent "modeless" has "modes" with "everything": they lead from a permission mode of HAPI\'s to the agent\'s own word for it',
      ]);
      const goose = driverFor("goose", home);
      expect(goose?.displayName).toBe("Goose");
      expect(goose?.capabilities.permissionModes).toEqual(permissionModesOf("goose"));
      expect(await goose?.detect({ PATH: home })).toMatchObject({ available: false, reason: "not_found", command: ["goose", "acp"] });
      expect(driverFor("nobody", home)).toBeUndefined();
    } finally {
      await rm(home, { recursive: true });
    }
  });

  test("ready-made agents are there where their program is, and a declared one of the same name is the person's own", async () => {
    const bin = await mkdtemp(join(tmpdir(), "hapi-registry-"));
    try {
      for (const name of ["goose", "auggie"]) await writeFile(join(bin, name), "#!/bin/sh\n", { mode: 0o755 });
      const flavors = (declared?: unknown) => createRegistry({ drivers: [], declared, path: bin }).drivers.map(({ flavor }) => flavor);
      expect(createRegistry({ drivers: [] }).drivers).toEqual([]);
      expect(flavors()).toEqual(["goose", "auggie"]);
      const own = createRegistry({ drivers: [], declared: { goose: { command: ["other"], name: "Mine" } }, path: bin });
      expect(own.problems).toEqual([]);
      expect(own.drivers.map(({ displayName }) => displayName)).toEqual(["Mine", "Auggie"]);
    } finally {
      await rm(bin, { recursive: true });
    }
  });

  test("a declared agent has words behind its program, and its own words for HAPI's modes", async () => {
    const { drivers } = createRegistry({
      drivers: [],
      declared: { mine: { command: "prog", args: ["--acp", "--quiet"], modes: { yolo: "full-auto" } } },
    });
    expect(await drivers[0]?.detect({ PATH: "" })).toMatchObject({ command: ["prog", "--acp", "--quiet"] });
  });

  test("settings that can't be read don't hide the built-in agents", async () => {
    const home = await mkdtemp(join(tmpdir(), "hapi-registry-"));
    try {
      await writeFile(join(home, "settings.json"), "{broken");
      expect(driverFor("demo", home)?.flavor).toBe("demo");
      expect(allDrivers(home).length).toBeGreaterThan(0);
    } finally {
      await rm(home, { recursive: true });
    }
  });
});

test("each built-in agent says how far it was tested, and tells its version in one way or another", () => {
  for (const { flavor, verified, askVersion, detect } of createRegistry().drivers) {
    expect([flavor, verified?.how ?? "not said"]).not.toEqual([flavor, "not said"]);
    if (verified?.how === "real")
      expect([flavor, verified.versions.length > 0, typeof (askVersion ?? detect)]).toEqual([flavor, true, "function"]);
  }
});
