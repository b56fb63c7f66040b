/**
 * bin/hapi gives the runtime a folder for translated sources. It has read that by now; what we start (agents may run on the same runtime) must
 * not. Imports nothing: it runs before every command.
 */
const variable = "BUN_RUNTIME_TRANSPILER_CACHE_PATH";

/** One that the user chose is left alone. */
export function hideOwnCache(env: Record<string, string | undefined>): void {
  if (env["HAPI_BUN_CACHE"] && env[variable] === env["HAPI_BUN_CACHE"]) delete env[variable];
}
