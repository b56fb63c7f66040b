/** What a screen says when it has nothing to show: a sentence, a hint, and the next step. */
import type { ReactNode } from "react";
import { Icon, type IconName } from "./icons.tsx";

export function EmptyState({ icon, title, hint, action }: { icon: IconName; title: string; hint?: ReactNode; action?: ReactNode }) {
  return (
    <div className="mx-auto flex max-w-[44ch] flex-col items-center gap-2 px-4 py-10 text-center">
      <Icon name={icon} size={24} className="text-quiet" />
      <p className="font-strong">{title}</p>
      {hint && <p className="text-balance text-quiet">{hint}</p>}
      {action && <div className="pt-2">{action}</div>}
    </div>
  );
}
