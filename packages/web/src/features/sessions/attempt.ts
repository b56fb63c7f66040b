/** Runs something a person asked for; a failure is said in a toast with its reason, never swallowed. */
import { errorText } from "../../i18n/error-words.ts";
import { t } from "../../i18n/index.ts";
import { showToast } from "../../ui/toast.ts";

/** @returns whether it worked, for callers that close something afterwards. */
export async function attempted(what: string, work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    showToast({ tone: "failed", text: t("session.failed", { what, reason: errorText(error, t) }) });
    return false;
  }
}

export function attempt(what: string, work: Promise<unknown>): void {
  void attempted(what, work);
}
