/** Completion of slash commands: what is offered now, which one is marked, and the keys that move and take. */
import { useEffect, useMemo, useState, type KeyboardEvent } from "react";
import { isComposing } from "../../../ground/composing.ts";
import { ignore } from "../../../ground/ignore.ts";
import type { ChatActions, SlashCommand } from "../../../sync/port.ts";
import { applyCommand, slashQuery, suggest } from "./slash.model.ts";

export interface Slash {
  options: readonly SlashCommand[];
  chosen: number;
  take(command: SlashCommand): void;
  /** True when the key was used up. */
  onKey(event: KeyboardEvent): boolean;
}

export function useSlash(actions: ChatActions, text: string, caret: number, write: (text: string) => void): Slash {
  const [at, setAt] = useState(0);
  const [closedFor, setClosedFor] = useState<string | null>(null);
  const query = text === closedFor ? null : slashQuery(text, Math.min(caret, text.length));
  const commands = useSlashCommands(actions, query !== null);
  const options = useMemo(() => (query === null ? [] : suggest(commands, query)), [commands, query]);
  const chosen = Math.min(at, Math.max(0, options.length - 1));

  // another word, or another place in it: the best match is marked anew
  useEffect(() => setAt(0), [text, caret]);

  const take = (command: SlashCommand) => {
    const next = applyCommand(text, command.name);
    write(next);
    setClosedFor(next);
    setAt(0);
  };
  const onKey = (event: KeyboardEvent): boolean => {
    const option = options[chosen];
    if (!option || isComposing(event.nativeEvent)) return false;
    const moves: Record<string, () => void> = {
      ArrowDown: () => setAt((chosen + 1) % options.length),
      ArrowUp: () => setAt((chosen - 1 + options.length) % options.length),
      Enter: () => take(option),
      Tab: () => take(option),
      Escape: () => setClosedFor(text),
    };
    const move = moves[event.key];
    if (!move || event.shiftKey || event.metaKey || event.ctrlKey) return false;
    event.preventDefault();
    move();
    return true;
  };
  return {
    options,
    chosen,
    take,
    onKey,
  };
}

/** Asked for once, when the first slash is typed. */
function useSlashCommands(actions: ChatActions, wanted: boolean): readonly SlashCommand[] {
  const [commands, setCommands] = useState<readonly SlashCommand[] | null>(null);
  const asking = wanted && commands === null;
  useEffect(() => {
    if (!asking) return;
    let alive = true;
    ignore(
      actions.slashCommands().then((list) => alive && setCommands(list)),
      "no command list: a slash is then only a slash",
    );
    return () => {
      alive = false;
    };
  }, [asking, actions]);
  return commands ?? [];
}
