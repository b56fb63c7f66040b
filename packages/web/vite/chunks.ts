/**
 * Which modules stand together in one file. Left alone, the bundler makes thirty pieces of half a kilobyte of what the first screens share; together
 * they compress to two thirds, and a first visit waits for a dozen files instead of forty. A module that is not named here goes where it is used.
 */

const named = (...places: string[]): RegExp => new RegExp(places.map((place) => `/${place}`).join("|"));

/** What both the list and a chat need. */
const BASE = named(
  "node_modules/(?:react|react-dom|scheduler|zustand)/",
  "packages/protocol/src/(?:session|message|errors|waiting|flavors|primitives|worktree)\\.",
  "packages/core/src/(?:summary|status|text|todos|todo-entries|envelope/read|envelope/tools)\\.",
  "packages/client/src/(?:rest|(?:agent|message|permission|session)-calls|asking|sync|outbox(?:-entries|-held)?|events|http|auth|clock|sse-parser|sync-(?:cache|reads|pages|watchers|pump))\\.",
  "packages/core/src/(?:sync|envelope)/",
  "packages/protocol/src/(?:sync-events|machine)\\.",
  "packages/web/src/(?:ground/(?:fetched-import|script-url|go|ignore|source|online|composing|desk-width|routing/match|routing/location)|sync/(?:status|store|link|auth|seen|outbox|silence|storage|database|credentials|tabs|drafts|last-contact|bridge\\.model|hub-events|actions))\\.",
  "packages/web/src/i18n/(?:names\\.model|index|error-words|en/app|en/chat|en/errors)\\.",
  "packages/web/src/ui/(?:part|error-boundary|button|icons|toast|toast\\.model|grow|status-glyph|empty-state|skeleton|cx|relative-time|markdown|path-text|path\\.model|card)\\.",
  "packages/web/src/features/sessions/(?:use-status|status\\.model)\\.",
);

/** What a chat shares with what it loads later. */
const CHAT = named(
  "packages/protocol/src/capabilities\\.",
  "packages/web/src/sync/request-actions\\.",
  "packages/core/src/timeline/(?:fold|turn|items|board|overlay|builder|entries|group|tool-facts)\\.",
  "packages/web/src/features/chat/(?:chat-context|session\\.model|fold-store|tools/tool\\.model|tools/verbs)\\.",
  "packages/web/src/features/chat/requests/(?:tap-guard|request-host|lazy-request-card)\\.",
);

/** What the list's first screen takes from several places. */
const ROWS = named(
  "packages/web/src/features/sessions/(?:attempt|settled-rows|list-navigation)\\.",
  "packages/web/src/(?:features/inbox/use-waiting|features/connection/late-note|shell/waiting-count)\\.",
);

/** Who may come in: small parts of several late pages. Each file of its own costs its name in the first load. */
const DEVICES = named(
  "packages/(?:client|protocol)/src/(?:credential-calls|passkey-calls|credentials|passkeys|loopback)\\.",
  "packages/web/src/(?:features/passkeys/(?:authenticator|passkey-sign-in|prove-sheet)|i18n/passkeys|i18n/en/passkeys)\\.",
  "node_modules/@simplewebauthn/",
);

/** Of sheets that ask for something. */
const ASKING = named("packages/web/src/ui/(?:field|sheet)\\.");

/** What the page does beside what it shows. */
const BESIDE = named("packages/web/src/(?:ground/(?:overlays|keys\\.model)|features/settings/updates)\\.");

export const chunks = {
  groups: [
    { name: "base", test: BASE, minShareCount: 2 },
    // alone: what it uses is in the base, or belongs to the list as well
    { name: "chat", test: CHAT, minShareCount: 2, includeDependenciesRecursively: false },
    { name: "devices", test: DEVICES, minShareCount: 2, includeDependenciesRecursively: false },
    { name: "asking", test: ASKING, minShareCount: 2, includeDependenciesRecursively: false },
    { name: "beside", test: BESIDE, minShareCount: 2, includeDependenciesRecursively: false },
    { name: "rows", test: ROWS, minShareCount: 2, includeDependenciesRecursively: false },
  ],
};
