/** The port, reachable from every part of the chat. `useChat` re-renders only when its slice is another object. */
import { errorText } from "../../i18n/error-words.ts";
import { createContext, useCallback, useContext, useState, useSyncExternalStore, type ReactNode } from "react";
import { showToast } from "../../ui/toast.ts";
import { createFolds, type Folds } from "./fold-store.ts";
import type { ChatPort, ChatView } from "../../sync/port.ts";

/** The person sent something: whoever shows the conversation goes to its end, where it stands. */
export interface Sends {
  tell(): void;
  /** @returns its own undo */
  on(listener: () => void): () => void;
}

function createSends(): Sends {
  const listeners = new Set<() => void>();
  return {
    tell: () => listeners.forEach((listener) => listener()),
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

interface Chat {
  port: ChatPort;
  folds: Folds;
  sends: Sends;
}

const ChatContext = createContext<Chat | null>(null);

export function ChatProvider({ port, children }: { port: ChatPort; children: ReactNode }) {
  const [folds] = useState(createFolds);
  const [sends] = useState(createSends);
  const [value, setValue] = useState<Chat>({ port, folds, sends });
  if (value.port !== port) setValue({ port, folds, sends });
  return <ChatContext value={value}>{children}</ChatContext>;
}

function useContextOrFail(): Chat {
  const chat = useContext(ChatContext);
  if (!chat) throw new Error("the chat's parts live inside ChatProvider");
  return chat;
}

export const usePort = (): ChatPort => useContextOrFail().port;

/** `select` must give the same object for the same view. */
export function useChat<Slice>(select: (view: ChatView) => Slice): Slice {
  const { store } = usePort();
  return useSyncExternalStore(store.subscribe, () => select(store.view()));
}

/** Open or folded, by row; survives the row leaving the screen. */
export function useFold(key: string, byDefault: boolean): [open: boolean, toggle: () => void] {
  const { folds } = useContextOrFail();
  const open = useSyncExternalStore(folds.subscribe, () => folds.get(key) ?? byDefault);
  return [open, () => folds.set(key, !open)];
}

export const useSends = (): Sends => useContextOrFail().sends;

export const useFolds = (): Folds => useContextOrFail().folds;

/** Runs an action once at a time; a failure is told where everything is told, and nothing is lost. */
export function useAction<Args extends unknown[]>(
  action: (...args: Args) => Promise<unknown>,
): [run: (...args: Args) => void, busy: boolean] {
  const [busy, setBusy] = useState(false);
  const run = useCallback(
    (...args: Args) => {
      setBusy(true);
      action(...args)
        .catch((cause: unknown) => showToast({ tone: "failed", text: errorText(cause) }))
        .finally(() => setBusy(false));
    },
    [action],
  );
  return [run, busy];
}
