/** How much waits, on the app's icon. */
import { countWaiting } from "../features/inbox/use-waiting.ts";
import { ignore } from "../ground/ignore.ts";
import { useHub } from "../sync/store.ts";

export function watchBadge(): void {
  let shown = 0;
  const show = (): void => {
    const count = countWaiting(Object.values(useHub.getState().summaries));
    if (count === shown) return;
    shown = count;
    if (!("setAppBadge" in navigator)) return;
    ignore(count === 0 ? navigator.clearAppBadge() : navigator.setAppBadge(count), "a badge is a courtesy; not every platform allows it");
  };
  useHub.subscribe((now, before) => {
    if (now.summaries !== before.summaries) show();
  });
  show();
}
