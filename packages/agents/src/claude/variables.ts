/** What decides whose Claude Code runs and whom it asks (its settings documentation and its own code, 2.1.329). */
import { commonVariables, secrets, variables, type EnvironmentVariable } from "../environment.ts";

export const claudeVariables: readonly EnvironmentVariable[] = [
  ...variables("config-home", "CLAUDE_CONFIG_DIR"),
  ...secrets("account", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_CUSTOM_HEADERS"),
  ...variables(
    "provider",
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_SKIP_BEDROCK_AUTH",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_SKIP_VERTEX_AUTH",
  ),
  ...variables("provider", "CLAUDE_CODE_USE_FOUNDRY", "CLAUDE_CODE_SKIP_FOUNDRY_AUTH", "ANTHROPIC_FOUNDRY_RESOURCE"),
  ...variables("provider", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"),
  ...variables("provider", "ANTHROPIC_VERTEX_PROJECT_ID", "CLOUD_ML_REGION", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"),
  ...variables("provider", "GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG"),
  ...secrets("account", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"),
  ...secrets("account", "ANTHROPIC_FOUNDRY_API_KEY"),
  ...variables("base-url", "ANTHROPIC_BASE_URL", "ANTHROPIC_BEDROCK_BASE_URL", "ANTHROPIC_VERTEX_BASE_URL", "ANTHROPIC_FOUNDRY_BASE_URL"),
  ...variables("model", "ANTHROPIC_MODEL", "ANTHROPIC_SMALL_FAST_MODEL", "CLAUDE_CODE_SUBAGENT_MODEL"),
  ...variables("model", "ANTHROPIC_DEFAULT_OPUS_MODEL", "ANTHROPIC_DEFAULT_SONNET_MODEL", "ANTHROPIC_DEFAULT_HAIKU_MODEL"),
  ...variables("proxy", "CLAUDE_CODE_CLIENT_CERT", "CLAUDE_CODE_CLIENT_KEY"),
  ...secrets("proxy", "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE"),
  ...commonVariables,
];
