/** Said where a tap was not taken, since the card had moved under it: who meant it taps again. */
import { useT } from "../../../i18n/index.ts";

export function HeldTap({ isHeld }: { isHeld: boolean }) {
  const t = useT();
  return (
    <p role="status" className="text-small text-quiet empty:hidden">
      {isHeld ? t("request.held") : null}
    </p>
  );
}
