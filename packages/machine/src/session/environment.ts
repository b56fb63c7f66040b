/**
 * The part of the environment that belongs to a session: which account, configuration, provider, proxy, models and program its agent works with.
 * Kept at its first start and used by every later one, whoever starts it. Of a credential is kept that it was there, and a keyed fingerprint
 * that tells another one from it (`credentials.ts`).
 */
import { type EnvironmentVariable, isSecretValue } from "@hapi/agents/first";
import { AppError } from "@hapi/protocol/errors";
import { noticeWords, type NoticeWords } from "@hapi/protocol/notices";
import { type Fingerprint, isAnother } from "./credentials.ts";
import type { KeptEnvironment } from "./session-file-shape.ts";

export type { KeptEnvironment } from "./session-file-shape.ts";

export type Env = Readonly<Record<string, string | undefined>>;

export function takeEnvironment(
  variables: readonly EnvironmentVariable[],
  env: Env,
  program: string | undefined,
  fingerprint: Fingerprint,
): KeptEnvironment {
  const values: Record<string, string | null> = {};
  const withheld: string[] = [];
  const fingerprints: Record<string, string> = {};
  for (const variable of variables) {
    const value = env[variable.name];
    if (value !== undefined && value !== "" && isSecretValue(variable, value)) {
      withheld.push(variable.name);
      fingerprints[variable.name] = fingerprint(variable.name, value);
    } else values[variable.name] = value ?? null;
  }
  return { values, withheld, ...(withheld.length > 0 ? { fingerprints } : {}), ...(program === undefined ? {} : { program }) };
}

/** `env` as the session has it. */
export function withKept(env: Env, recorded: KeptEnvironment | undefined): Env {
  if (!recorded) return env;
  const kept = Object.entries(recorded.values).map(([name, value]) => [name, value ?? undefined] as const);
  return { ...env, ...Object.fromEntries(kept) };
}

/** Credentials that were set at the start and are not set here. */
export function missingOf(recorded: KeptEnvironment | undefined, env: Env): string[] {
  return (recorded?.withheld ?? []).filter((name) => !env[name]);
}

/** Credentials that are other ones here than at the start, with the fingerprints of these. */
export function changedOf(recorded: KeptEnvironment | undefined, env: Env, fingerprint: Fingerprint): Record<string, string> {
  const found = (recorded?.withheld ?? []).flatMap((name) => {
    const value = env[name];
    const kept = recorded?.fingerprints?.[name];
    if (!value || kept === undefined) return [];
    const now = fingerprint(name, value);
    return isAnother(kept, now) ? [[name, now] as const] : [];
  });
  return Object.fromEntries(found);
}

/** Nothing is started on another account in silence. */
export function requireCredentials(recorded: KeptEnvironment | undefined, env: Env, sessionId: string): void {
  const missing = missingOf(recorded, env);
  if (missing.length === 0) return;
  const names = missing.join(", ");
  const [it, is] = missing.length === 1 ? ["its value", "it is"] : ["their values", "they are"];
  const resume = `hapi resume ${sessionId.slice(0, 8)}`;
  throw new AppError(
    "environment_missing",
    `This session was started with ${names} set. HAPI does not keep ${it}, and here ${is} not set. On its machine, in a terminal that has ${missing.length === 1 ? "it" : "them"}: ${resume}. To go on with what is set there instead: ${resume} --this-environment`,
    { details: { missing } },
  );
}

export interface EnvironmentDifference {
  name: string;
  /** Null: not set. */
  kept: string | null;
  /** Null: not set. `***`: a value that is not shown. */
  here: string | null;
}

/** It starts with what is set, and says so. */
export function anotherCredential(names: readonly string[], sessionId: string): NoticeWords {
  const command = `hapi resume ${sessionId.slice(0, 8)} --this-environment`;
  return noticeWords(names.length === 1 ? "credential_other" : "credentials_other", { names: [...names], command });
}

const HIDDEN = "***";

/** Where whoever starts the agent has something else than the session: the session's is used. */
export function differencesOf(
  recorded: KeptEnvironment | undefined,
  variables: readonly EnvironmentVariable[],
  env: Env,
): EnvironmentDifference[] {
  return Object.entries(recorded?.values ?? {}).flatMap(([name, kept]) => {
    const here = env[name] ?? null;
    if (here === kept) return [];
    const variable = variables.find((one) => one.name === name) ?? { name, kind: "account" as const };
    return [{ name, kept, here: here !== null && isSecretValue(variable, here) ? HIDDEN : here }];
  });
}

const MAX_SHOWN = 500;

/** For people and other programs: what is set, without what isn't. */
export function environmentFacts(
  recorded: KeptEnvironment | undefined,
  variables: readonly EnvironmentVariable[],
  env: Env,
  changed: readonly string[],
) {
  if (!recorded) return undefined;
  const set = Object.entries(recorded.values).flatMap(([name, value]) =>
    value === null ? [] : [[name, value.slice(0, MAX_SHOWN)] as const],
  );
  const differs = differencesOf(recorded, variables, env).map((one) => ({
    name: one.name,
    kept: one.kept?.slice(0, MAX_SHOWN) ?? null,
    here: one.here?.slice(0, MAX_SHOWN) ?? null,
  }));
  return {
    program: recorded.program ?? null,
    set: Object.fromEntries(set),
    withheld: recorded.withheld,
    missing: missingOf(recorded, env),
    changed: [...changed],
    differs,
  };
}
