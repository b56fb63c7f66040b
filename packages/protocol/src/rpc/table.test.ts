import { expect, test } from "bun:test";
import type { RpcSpec } from "./spec.ts";
import { rpcCalls } from "./machine.ts";

test.each(["session", "machine"] as const)(
  "calls of a %s: the key is the name on the wire in camel case, and each wire name is there once",
  (scope) => {
    const table = Object.entries<RpcSpec>(rpcCalls[scope]);
    const camel = (wire: string): string => wire.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    expect(table.map(([name]) => name)).toEqual(table.map(([, { wire }]) => camel(wire)));
    expect(new Set(table.map(([, { wire }]) => wire)).size).toBe(table.length);
  },
);
