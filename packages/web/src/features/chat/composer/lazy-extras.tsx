/** Parts of the composer that are not writing: queue, files, command list, the "+" menu, what sending means now. They come right after the first paint. */
import { part } from "../../../ui/part.tsx";
import { source } from "../../../ground/source.ts";
import { IconButton } from "../../../ui/button.tsx";
import { useT } from "../../../i18n/index.ts";

const extras = source(() => import("./extras.ts"));
export const loadExtras = extras.load;

// the line above the field is always there, and so the place to say that they are late
export const ControlNote = part(extras, (module) => module.ControlNote);
export const SendOptions = part(extras, (module) => module.SendOptions, { late: "quiet" });
export const QueueBar = part(extras, (module) => module.QueueBar, { late: "quiet" });
export const FileChips = part(extras, (module) => module.FileChips, { late: "quiet" });
export const SlashMenu = part(extras, (module) => module.SlashMenu, { late: "quiet" });
export const FileDrop = part(extras, (module) => module.FileDrop, { late: "quiet" });
/** Pressed too early, it opens when it comes. */
export const PlusMenu = part(extras, (module) => module.PlusMenu, {
  late: "quiet",
  waiting: ({ onEarly }) => <EarlyPlus onPress={onEarly} />,
});

function EarlyPlus({ onPress }: { onPress: () => void }) {
  const t = useT();
  return <IconButton icon="plus" round label={t("composer.more")} onClick={onPress} className="text-quiet" />;
}
