/**
 * Agents that speak ACP and need nothing but their command, by their vendors' documents. They are there where their program is: HAPI has not run
 * them, so nobody is told to install one.
 */
import type { AcpProfile } from "./acp/profile.ts";

export const readyMade: readonly AcpProfile[] = [
  { flavor: "kimi", displayName: "Kimi Code CLI", command: () => ["kimi", "acp"] },
  { flavor: "goose", displayName: "Goose", command: () => ["goose", "acp"] },
  // Its own `auto` and `bypassPermissions` are chosen when its process starts; over ACP it asks.
  { flavor: "grok", displayName: "Grok", command: () => ["grok", "agent", "stdio"] },
  { flavor: "auggie", displayName: "Auggie", command: () => ["auggie", "--acp"] },
];
