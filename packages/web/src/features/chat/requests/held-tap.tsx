/** Said where a tap was not taken: the card had moved under it, or not all that it asks was on the screen. */
import { useT } from "../../../i18n/index.ts";
import type { Held } from "./tap-guard.ts";

export function HeldTap({ why }: { why: Held }) {
  const t = useT();
  return (
    <p role="status" className="text-small text-quiet empty:hidden">
      {why === "moved" ? t("request.held") : why === "unseen" ? t("request.unseen") : null}
    </p>
  );
}
