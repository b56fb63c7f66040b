/** Back to the newest. Says how much is new since the person scrolled away. */
import { useT } from "../../../i18n/index.ts";
import { Icon } from "../../../ui/icons.tsx";

export function JumpToEnd({ fresh, onJump }: { fresh: number; onJump: () => void }) {
  const t = useT();
  return (
    <button
      type="button"
      onClick={onJump}
      className="absolute end-4 bottom-3 flex target-square animate-enter items-center justify-center gap-1.5 rounded-full border border-edge bg-raised px-3 text-small font-strong shadow-sheet hover:bg-hover"
    >
      {fresh > 0 && <span>{t("chat.fresh", { count: fresh })}</span>}
      <span className="sr-only">{t("chat.jump")}</span>
      <Icon name="arrowDown" />
    </button>
  );
}
