/** What decides whose OpenCode runs and whom it asks (its documentation and its own code, 1.18.33). Providers bring their own keys by name. */
import { commonVariables, secrets, variables, type EnvironmentVariable } from "../environment.ts";

export const opencodeVariables: readonly EnvironmentVariable[] = [
  ...variables("config-home", "OPENCODE_CONFIG", "OPENCODE_CONFIG_DIR"),
  // May hold the keys of providers.
  ...secrets("config-home", "OPENCODE_CONFIG_CONTENT"),
  ...secrets("account", "OPENCODE_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY", "GEMINI_API_KEY"),
  ...secrets("account", "GOOGLE_GENERATIVE_AI_API_KEY", "GROQ_API_KEY", "XAI_API_KEY", "DEEPSEEK_API_KEY", "MISTRAL_API_KEY"),
  ...secrets("account", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"),
  ...variables("provider", "AWS_PROFILE", "AWS_REGION", "GOOGLE_CLOUD_PROJECT", "GOOGLE_APPLICATION_CREDENTIALS", "VERTEX_LOCATION"),
  ...commonVariables,
];
