/** What decides whose Codex runs and where it asks (its configuration documentation, 0.171.0). Providers of the person's own name their keys in `env_key`. */
import { commonVariables, secrets, variables, type EnvironmentVariable } from "../environment.ts";

export const codexVariables: readonly EnvironmentVariable[] = [
  ...variables("config-home", "CODEX_HOME"),
  ...secrets("account", "OPENAI_API_KEY", "CODEX_API_KEY", "CODEX_ACCESS_TOKEN", "AZURE_OPENAI_API_KEY"),
  ...variables("account", "OPENAI_ORGANIZATION", "OPENAI_PROJECT"),
  ...variables("base-url", "OPENAI_BASE_URL"),
  ...commonVariables,
];
