/**
 * A session that is continued in a terminal works with the account, configuration, provider and program it was begun with. Where the terminal has
 * others that is said, before anything starts; where a credential is missing nothing is started.
 */
import type { AgentDriver } from "@hapi/agents";
import {
  anotherCredential,
  changedOf,
  credentialFingerprint,
  differencesOf,
  type EnvironmentDifference,
  requireCredentials,
  type SessionRecord,
} from "@hapi/machine";
import type { CommandContext } from "./command.ts";

/** More than these are in the web app's details. */
const MAX_NAMED = 4;

export function heedEnvironment(record: SessionRecord, driver: AgentDriver, home: string, { env, terminal, paint }: CommandContext): void {
  requireCredentials(record.environment, env, record.sessionId);
  const changed = Object.keys(changedOf(record.environment, env, credentialFingerprint(home)));
  if (changed.length > 0) terminal.note(paint.waiting(anotherCredential(changed, record.sessionId)));
  const differences = differencesOf(record.environment, driver.environment, env);
  if (differences.length === 0) return;
  const named = differences.slice(0, MAX_NAMED).map(inWords).join(", ");
  const more = differences.length > MAX_NAMED ? `, and ${differences.length - MAX_NAMED} more` : "";
  terminal.note(
    paint.waiting(
      `It keeps what it was begun with: ${named}${more}. To go on with this terminal's instead, end it and add --this-environment.`,
    ),
  );
}

function inWords({ name, kept, here }: EnvironmentDifference): string {
  return `${kept === null ? `no ${name}` : `${name}=${kept}`} (here ${here ?? "not set"})`;
}
