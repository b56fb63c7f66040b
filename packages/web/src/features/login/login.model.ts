/** What to say when signing in did not work, or when the hub ended a sign-in: what happened and what to do. Pure. */
import { AppError, errorFacts } from "@hapi/protocol";
import { errorText } from "../../i18n/error-words.ts";
import type { Translate } from "../../i18n/index.ts";
import type { SignInOutcome } from "../../sync/auth.ts";

export function loginMessage(outcome: Exclude<SignInOutcome, { kind: "signed-in" }> | { kind: "empty" }, t: Translate): string {
  switch (outcome.kind) {
    case "empty":
      return t("login.empty");
    case "wrong-token":
      return t("login.wrong");
    case "unreachable":
      return t("login.unreachable");
    case "limited":
      return t("login.limited");
    case "failed":
      return refusalText(outcome.error, t) ?? t("login.failed", { reason: errorText(outcome.error, t) });
  }
}

/** `because`: what the client made of the refusal; what the hub said is its cause. */
export function signedOutMessage(because: AppError, t: Translate): string {
  const said = because.cause instanceof AppError ? because.cause : because;
  return refusalText(said, t) ?? t("login.expired");
}

/** Null: not one that a sign-in has words of its own for. */
function refusalText(error: AppError, t: Translate): string | null {
  switch (error.code) {
    case "code_refused":
      return t("login.code");
    case "credential_revoked":
      // The hub said more than that: somebody else may have it.
      return error.message === errorFacts(error.code).text ? t("login.revoked") : errorText(error, t);
    case "credential_expired":
      return t("login.over");
    case "legacy_access_off":
      return t("login.legacyOff");
    default:
      return null;
  }
}
