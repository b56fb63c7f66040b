/** Gemini CLI over ACP (`gemini --acp`), measured on 0.61.0. */
import type { AcpProfile } from "../acp/profile.ts";
import { secrets, variables } from "../environment.ts";
import verified from "../verified.json" with { type: "json" };
import { clearLeftovers, guardChat } from "./chats.ts";

export const geminiProfile: AcpProfile = {
  flavor: "gemini",
  displayName: "Gemini CLI",
  command: () => ["gemini", "--acp"],
  // It would start itself once more with more memory, and a signal would reach only the first of the two.
  env: () => ({ GEMINI_CLI_NO_RELAUNCH: "true" }),
  installHint: "Install it with `npm install -g @google/gemini-cli`.",
  loginHint: "Log in by starting `gemini` in a terminal once, or set GEMINI_API_KEY.",
  verified: { versions: verified.gemini, how: "real" },
  variables: [
    ...variables("config-home", "GEMINI_CLI_HOME"),
    ...secrets("account", "GEMINI_API_KEY", "GOOGLE_API_KEY"),
    ...variables("account", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION"),
    ...variables("provider", "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_GCA"),
    ...variables("base-url", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL"),
    ...variables("model", "GEMINI_MODEL"),
  ],
  // Its history drops a prompt that failed, and its record does not.
  retry: "resend-live",
  beforeResume: guardChat,
  afterResume: clearLeftovers,
  historyAfterLoad: true,
};
