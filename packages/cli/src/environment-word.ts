/**
 * A session that is continued in a terminal works with the account, configuration, provider and program it was begun with. Where the terminal has
 * others that is said, before anything starts; where a credential is missing nothing is started.
 */
import type { EnvironmentVariable } from "@hapi/agents/first";
import {
  anotherCredential,
  changedOf,
  credentialFingerprint,
  differencesOf,
  type EnvironmentDifference,
  requireCredentials,
  type SessionFile,
} from "@hapi/machine/first";

type Env = Readonly<Record<string, string | undefined>>;

/** More than these are in the web app's details. */
const MAX_NAMED = 4;

/** What is to be said, if anything; throws where a credential is missing. */
export function environmentWord(
  { environment, sessionId }: SessionFile,
  variables: readonly EnvironmentVariable[],
  home: string,
  env: Env,
): string | null {
  requireCredentials(environment, env, sessionId);
  const changed = Object.keys(changedOf(environment, env, credentialFingerprint(home)));
  const differences = differencesOf(environment, variables, env);
  const words = [
    ...(changed.length > 0 ? [anotherCredential(changed, sessionId).text] : []),
    ...(differences.length > 0 ? [kept(differences)] : []),
  ];
  return words.length > 0 ? words.join("\n") : null;
}

function kept(differences: readonly EnvironmentDifference[]): string {
  const named = differences.slice(0, MAX_NAMED).map(inWords).join(", ");
  const more = differences.length > MAX_NAMED ? `, and ${differences.length - MAX_NAMED} more` : "";
  return `It keeps what it was begun with: ${named}${more}. To go on with this terminal's instead, end it and add --this-environment.`;
}

function inWords({ name, kept, here }: EnvironmentDifference): string {
  return `${kept === null ? `no ${name}` : `${name}=${kept}`} (here ${here ?? "not set"})`;
}
