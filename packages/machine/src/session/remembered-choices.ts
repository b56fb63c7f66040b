/**
 * Permission mode, model and effort that a person chose at the hub while the session was not running. The hub's value is theirs only where it differs from
 * what we told the hub last; otherwise ours is the newer one (it may have been chosen in the terminal without a hub).
 */
import type { DriverLog } from "@hapi/agents";
import { type Metadata, normalizePermissionMode, type Session, toAppError } from "@hapi/protocol";
import type { Ledger } from "./ledger.ts";
import type { Settings } from "./ledger-state.ts";
import type { OpenSessionFile } from "./session-file.ts";
import type { SessionActions } from "./rpc.ts";

export interface RememberedChoices {
  /** Before anything is said to the hub in this life. */
  registered(session: Session): void;
  /** The hub has these choices now. */
  told(metadata: Metadata): void;
}

export interface RememberedChoicesDeps {
  ledger: Ledger;
  sessionFile: OpenSessionFile;
  /** This is the first process of a new launch. */
  launched: boolean;
  configure: SessionActions["configure"];
  log: DriverLog;
}

export function createRememberedChoices({ ledger, sessionFile, launched, configure, log }: RememberedChoicesDeps): RememberedChoices {
  const { facts } = ledger.state;
  let asked = !launched;

  function changesAt({ preferredPermissionMode, preferredModel, preferredEffort }: Metadata): Settings {
    const { published } = facts;
    if (!published) return {};
    const { flavor, permissionMode, model, effort } = sessionFile.value;
    const mode = preferredPermissionMode === undefined ? null : normalizePermissionMode(flavor, preferredPermissionMode);
    const isTheirs = (preferred: string | null | undefined, told: string | null, ours: string | null): preferred is string | null =>
      preferred !== undefined && preferred !== told && preferred !== ours;
    return {
      ...(mode && mode !== published.permissionMode && mode !== permissionMode ? { permissionMode: mode } : {}),
      ...(isTheirs(preferredModel, published.model, model ?? null) ? { model: preferredModel } : {}),
      ...(isTheirs(preferredEffort, published.effort ?? null, effort ?? null) ? { effort: preferredEffort } : {}),
    };
  }

  function takeOver(metadata: Metadata): void {
    const change = changesAt(metadata);
    if (Object.keys(change).length === 0) return;
    // At once in the session file, so that neither a start nor the first heartbeat says the old value; then at an agent that runs already.
    sessionFile.update({ ...change });
    log.info("session.choices_taken_over", { ...change });
    configure(change).catch((cause: unknown) => log.warn("session.choices_not_applied", { code: toAppError(cause).code }));
  }

  function told({ preferredPermissionMode: permissionMode, preferredModel: model = null, preferredEffort: effort }: Metadata): void {
    const { published } = facts;
    const isSame = published && published.permissionMode === permissionMode && published.model === model && published.effort === effort;
    if (isSame) return;
    ledger
      .setFacts({ published: { permissionMode, model, effort } })
      .catch((cause: unknown) => log.warn("session.published_not_kept", { cause }));
  }

  return {
    registered({ metadata }) {
      if (!metadata) return;
      if (!asked) takeOver(metadata);
      asked = true;
      told(metadata);
    },
    told,
  };
}
