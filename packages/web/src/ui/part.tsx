/**
 * A part of the page whose code comes when it is first shown, mounted the moment it is there (`lazy` would wait until nothing else is to be
 * drawn). Until then its place holds what `waiting` says; where it can't be had, a word, and it comes by itself. It never takes the page with it.
 */
import { createElement, useEffect, useSyncExternalStore, type ComponentType, type ReactNode } from "react";
import { useT } from "../i18n/index.ts";
import { Button } from "./button.tsx";
import { StatusGlyph } from "./status-glyph.tsx";
import { showToast } from "./toast.ts";
import type { Lateness, Source } from "../ground/source.ts";

export interface PartOptions<Props> {
  /** While it is on its way. */
  waiting?: (props: Props) => ReactNode;
  /** Where it is said that it can't be had yet: in its place, in passing (what opens over the page has no place), or not at all. */
  late?: "here" | "toast" | "quiet";
  /** Around the word in its place. */
  frame?: (word: ReactNode) => ReactNode;
}

export function part<Module, Props extends object>(
  from: Source<Module>,
  pick: (module: Module) => ComponentType<Props>,
  { waiting, late = "here", frame = (word) => word }: PartOptions<Props> = {},
): (props: Props) => ReactNode {
  return function Part(props) {
    const module = useSyncExternalStore(from.subscribe, from.here);
    const lateness = useSyncExternalStore(from.subscribe, from.lateness);
    useEffect(() => from.want(), []);
    if (module !== null) return createElement(pick(module), props);
    if (lateness === "no" || late === "quiet") return waiting?.(props) ?? null;
    return late === "toast" ? <InPassing lateness={lateness} /> : frame(<InPlace lateness={lateness} />);
  };
}

const reload = (): void => window.location.reload();

function InPlace({ lateness }: { lateness: Lateness }) {
  const t = useT();
  return (
    <p role="status" className="flex items-center gap-2 py-1.5 text-small text-quiet">
      <StatusGlyph status="offline" />
      {t(lateness === "gone" ? "part.gone" : "part.away")}
      {lateness === "gone" && (
        <Button tone="quiet" onClick={reload}>
          {t("error.reload")}
        </Button>
      )}
    </p>
  );
}

function InPassing({ lateness }: { lateness: Lateness }): ReactNode {
  const t = useT();
  useEffect(() => {
    const isGone = lateness === "gone";
    showToast({
      id: "part",
      tone: "idle",
      text: t(isGone ? "part.gone" : "part.away"),
      ...(isGone ? { action: { label: t("error.reload"), run: reload } } : {}),
    });
  }, [lateness, t]);
  return null;
}
