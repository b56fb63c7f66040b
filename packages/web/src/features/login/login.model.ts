/** What to say when signing in did not work: what happened and what to do. Pure. */
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
      return t("login.failed", { reason: outcome.reason });
  }
}
