/**
 * Whether it is really them: what reaches far asks a person of a namespace that has passkeys for a proof of the last five minutes. In memory: a hub
 * that was started anew asks again. Who knows the shared token only is never asked: nothing but switching it off closes that way.
 */
import { policyDecision } from "@hapi/core";
import type { Clock } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import type { Actor } from "./actor.ts";

export const proofLifetimeMs = 5 * 60_000;
const maxProofs = 1_000;

type Asking = Pick<Actor, "kind" | "namespace" | "credentialId">;

export interface StepUp {
  /** Just now, by the person who has this sign-in. */
  proved(asking: Pick<Asking, "namespace" | "credentialId">): void;
  /** For who may come in, and the hub itself: programs can't prove anything, and are refused, too. @throws `step_up_required` */
  check(asking: Asking): void;
  /** For a mode in which an agent asks nothing: a program's role says whether it may. @throws `step_up_required` */
  checkMode(asking: Asking, mode: string | null | undefined): void;
}

export interface StepUpOptions {
  /** There is something to prove it by. */
  hasMeans(namespace: string): boolean;
  clock: Pick<Clock, "now">;
}

export function createStepUp({ hasMeans, clock }: StepUpOptions): StepUp {
  const proofs = new Map<string, number>();
  const keyOf = ({ namespace, credentialId }: Pick<Asking, "namespace" | "credentialId">): string => `${credentialId} ${namespace}`;
  const isFresh = (asking: Asking): boolean => {
    const age = clock.now() - (proofs.get(keyOf(asking)) ?? Number.NEGATIVE_INFINITY);
    // A clock that was set back makes none younger than it is.
    return age >= 0 && age <= proofLifetimeMs;
  };
  const check = (asking: Asking): void => {
    if (asking.kind === "legacy" || !hasMeans(asking.namespace) || isFresh(asking)) return;
    throw new AppError("step_up_required", asking.kind === "device" ? personWords : programWords, { details: { ways: ["passkey"] } });
  };
  return {
    proved(asking) {
      const key = keyOf(asking);
      proofs.delete(key);
      if (proofs.size >= maxProofs) proofs.delete(proofs.keys().next().value as string);
      proofs.set(key, clock.now());
    },
    check,
    checkMode(asking, mode) {
      if (asking.kind !== "integration" && asksNothing(mode)) check(asking);
    },
  };
}

const asksNothing = (mode: string | null | undefined): boolean => policyDecision(mode, "execute") === "allow";

const personWords = "Prove that it is you with a passkey, in the web app";
const programWords =
  "Only a person with a passkey may do that now, and a program has none. Do it in the web app, or on the hub's computer with the shared token";
