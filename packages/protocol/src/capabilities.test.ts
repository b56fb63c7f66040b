/** A document of capabilities comes from any version of any CLI: what is not declared can't be asked for, what has another shape says nothing. */
import { expect, test } from "bun:test";
import { capability } from "./capabilities.ts";
import { type Metadata, metadataSchema } from "./session.ts";

const said = (capabilities: object): Metadata => metadataSchema.parse({ path: "/", host: "h", capabilities });

test("a flag is what was said, or nothing", () => {
  const own = said({ control: "switch", steer: true, fork: false, models: [{ id: "a", name: "A" }], permissionModes: ["default"] });
  expect([capability(own, "control"), capability(own, "steer"), capability(own, "fork")]).toEqual(["switch", true, false]);
  expect(capability(own, "models")).toEqual([{ id: "a", name: "A" }]);
  expect(capability(own, "permissionModes")).toEqual(["default"]);
  expect(capability(own, "autoRetry")).toBeUndefined();
  for (const nothing of [null, undefined, {}]) expect(capability(nothing, "steer")).toBeUndefined();
});

test("another shape says nothing; a later version's word for control is handed on", () => {
  const later = said({ control: "relayed", steer: "yes", models: ["a"], permissionModes: "all", conversationHistory: true });
  expect(capability(later, "control") as string).toBe("relayed");
  for (const name of ["steer", "models", "permissionModes", "conversationHistory"] as const)
    expect(capability(later, name)).toBeUndefined();
});

test("what other CLIs say beside it is kept, and can't be read without a row", () => {
  const other = said({ terminal: true, concurrentClients: true });
  expect(other.capabilities).toEqual({ terminal: true, concurrentClients: true });
  // @ts-expect-error no such flag
  expect(() => capability(other, "terminal")).toThrow();
  // @ts-expect-error read by `capability` only
  expect(other.capabilities?.["concurrentClients"]).toBe(true);
});
