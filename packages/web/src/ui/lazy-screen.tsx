/** A screen: loaded when first visited, or asked for a moment earlier. Once loaded it renders at once, without passing through a placeholder. */
import { createElement, type ComponentType, type ReactNode } from "react";
import { Skeleton } from "./skeleton.tsx";
import { part } from "./part.tsx";
import { source } from "../ground/source.ts";

export type ScreenProps = { params: Readonly<Record<string, string>>; search: URLSearchParams };

export interface LazyScreen {
  load(): Promise<unknown>;
  render(props: ScreenProps): ReactNode;
}

export function lazyScreen(fetch: () => Promise<ComponentType<ScreenProps>>): LazyScreen {
  const code = source(fetch);
  const Screen = part<ComponentType<ScreenProps>, ScreenProps>(code, (screen) => screen, {
    waiting: () => <Skeleton />,
    frame: (word) => <div className="m-auto p-4">{word}</div>,
  });
  return { load: code.load, render: (props) => createElement(Screen, props) };
}
