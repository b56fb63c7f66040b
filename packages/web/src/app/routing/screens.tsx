/** A part of the app that is loaded when first needed. Once loaded it renders at once, without passing through a placeholder. */
import { lazy, type ComponentType, type ReactNode } from "react";

export type ScreenProps = { params: Readonly<Record<string, string>>; search: URLSearchParams };

export interface LazyPart<Props> {
  load(): Promise<unknown>;
  render(props: Props): ReactNode;
}
export type LazyScreen = LazyPart<ScreenProps>;

export function lazyPart<Props extends object>(fetch: () => Promise<ComponentType<Props>>): LazyPart<Props> {
  let loaded: ComponentType<Props> | null = null;
  let loading: Promise<ComponentType<Props>> | null = null;
  const load = (): Promise<ComponentType<Props>> => {
    loading ??= fetch().then(
      (component) => (loaded = component),
      (error: unknown) => {
        // the next visit tries again
        loading = null;
        throw error;
      },
    );
    return loading;
  };
  const Pending = lazy(async () => ({ default: (await load()) as ComponentType }));
  return {
    load,
    render(props) {
      const Loaded = loaded ?? (Pending as ComponentType<Props>);
      return <Loaded {...props} />;
    },
  };
}

export const lazyScreen = (fetch: () => Promise<ComponentType<ScreenProps>>): LazyScreen => lazyPart(fetch);
