import type { Actor } from "../auth/actor.ts";
import type { Lock } from "../auth/lock.ts";
import type { StepUp } from "../auth/step-up.ts";

/** What a request of the `/api` plane carries once it is authenticated. `signedInUntil`: in ms. */
export interface ApiEnv {
  Variables: { namespace: string; actor: Actor; userId: number; signedInUntil: number; lock: Lock; stepUp: StepUp };
  Bindings: { server?: { timeout(request: Request, seconds: number): void } };
}

/** And one of the `/cli` plane. */
export interface CliEnv {
  Variables: { namespace: string; actor: Actor };
}
