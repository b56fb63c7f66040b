/** Every key there is, on one sheet. */
import "../../i18n/screens.ts";
import { isApple, keyFor, SHORTCUTS } from "../../ground/keys.model.ts";
import { useT } from "../../i18n/index.ts";
import { Sheet } from "../../ui/sheet.tsx";

export function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const t = useT();
  const apple = isApple(navigator.platform);
  return (
    <Sheet open title={t("keys.title")} onClose={onClose}>
      <dl className="grid gap-x-8 gap-y-2 desk:grid-cols-2">
        {SHORTCUTS.map((shortcut) => (
          <div key={shortcut.label} className="flex items-center justify-between gap-4">
            <dt>{t(shortcut.label)}</dt>
            <dd className="flex gap-1">
              {keyFor(shortcut.keys, apple)
                .split(" ")
                .map((key) => (
                  <kbd key={key} className="min-w-6 rounded-control border border-edge px-1.5 text-center font-mono text-small">
                    {key}
                  </kbd>
                ))}
            </dd>
          </div>
        ))}
      </dl>
    </Sheet>
  );
}
