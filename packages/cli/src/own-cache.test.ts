import { expect, test } from "bun:test";
import { hideOwnCache } from "./own-cache.ts";

test("our folder for translated sources is not handed on; one that the user chose is", () => {
  const ours: Record<string, string> = { HAPI_BUN_CACHE: "/cache/hapi", BUN_RUNTIME_TRANSPILER_CACHE_PATH: "/cache/hapi" };
  hideOwnCache(ours);
  expect(ours).toEqual({ HAPI_BUN_CACHE: "/cache/hapi" });
  const theirs: Record<string, string> = { BUN_RUNTIME_TRANSPILER_CACHE_PATH: "/mine" };
  hideOwnCache(theirs);
  expect(theirs).toEqual({ BUN_RUNTIME_TRANSPILER_CACHE_PATH: "/mine" });
});
