import { createElement, useEffect, useState, type ComponentType, type ReactNode } from "react";
import { note } from "./ignore.ts";

/**
 * A part that follows the first paint, mounted the moment its code is there. `lazy` would do it when nothing else is to be drawn, which on a
 * busy page is a second later: too late for a key that somebody presses. `load` is the same function each time.
 */
export function Later<Props extends object>({ load, props }: { load: () => Promise<ComponentType<Props>>; props: Props }): ReactNode {
  const [part, setPart] = useState<{ component: ComponentType<Props> } | null>(null);
  useEffect(() => {
    let isHere = true;
    load().then(
      (component) => isHere && setPart({ component }),
      (cause: unknown) => note("a part of the app could not be loaded", cause),
    );
    return () => {
      isHere = false;
    };
  }, [load]);
  return part && createElement(part.component, props);
}
