/**
 * Agents that speak ACP and need nothing but their command, by their vendors' documents. They are there where their program is: HAPI has not run
 * them, so nobody is told to install one.
 */
import type { AcpProfile } from "./acp/profile.ts";

export const readyMade: readonly AcpProfile[] = [
  { flavor: "kimi", displayName: "Kimi Code CLI", command: () => ["kimi", "acp"] },
  // `auto`, `approve`, `smart_approve`, `chat` (its guide of permissions); begun without a word it is in `auto`, which asks nothing. HAPI's other modes are kept by HAPI.
  { flavor: "goose", displayName: "Goose", command: () => ["goose", "acp"], modes: { default: "approve" } },
  // Its own `auto` and `bypassPermissions` are chosen when its process starts; over ACP it asks.
  { flavor: "grok", displayName: "Grok", command: () => ["grok", "agent", "stdio"] },
  { flavor: "auggie", displayName: "Auggie", command: () => ["auggie", "--acp"] },
];
