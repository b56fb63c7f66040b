import { expect, test } from "bun:test";
import { AppError } from "@hapi/protocol";
import { rpc } from "@hapi/protocol/rpc";
import * as z from "zod/mini";
import { servedRpc } from "../src/link/index.ts";

const anything = z.looseObject({});
const table = {
  sayIt: rpc("say-it", { scope: "sessions:read", params: z.looseObject({ word: z.string() }), result: anything }),
  fail: rpc("fail", { scope: "sessions:read", params: anything, result: anything }),
};

const handlers = {
  sayIt: async ({ word, ...rest }: { word: string }) => ({ word, rest }),
  async fail(): Promise<never> {
    throw new AppError("not_ready", "Not yet");
  },
};

test("handlers stand under the names on the wire, and get parameters that are parsed, with what more was said", async () => {
  const served = servedRpc(table, handlers);
  expect(Object.keys(served)).toEqual(["say-it", "fail"]);
  expect(await served["say-it"]?.({ word: "x", more: 1 })).toEqual({ word: "x", rest: { more: 1 } });
  for (const params of [null, undefined, "x", { word: 1 }])
    await expect(served["say-it"]?.(params)).rejects.toMatchObject({ code: "invalid_body", message: "Invalid parameters" });
  await expect(served["fail"]?.(null)).rejects.toMatchObject({ code: "not_ready" });
});

test("where the contract has a result for failures, everything that fails is one", async () => {
  const served = servedRpc(table, handlers, ({ code, message }) => ({ success: false, error: message, code }));
  expect(await served["fail"]?.({})).toEqual({ success: false, error: "Not yet", code: "not_ready" });
  expect(await served["say-it"]?.({})).toEqual({ success: false, error: "Invalid parameters", code: "invalid_body" });
});
