import { useEffect, useState, type ComponentType } from "react";
import { note } from "./ignore.ts";

/**
 * A part that follows the first paint, mounted the moment its code is there. `lazy` would do it when nothing else is to be drawn, which on a
 * busy page is a second later: too late for a key that somebody presses.
 */
export function useLater<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> | null {
  const [part, setPart] = useState<ComponentType<Props> | null>(null);
  useEffect(() => {
    let isHere = true;
    load().then(
      (loaded) => isHere && setPart(() => loaded),
      (cause: unknown) => note("a part of the app could not be loaded", cause),
    );
    return () => {
      isHere = false;
    };
  }, [load]);
  return part;
}
