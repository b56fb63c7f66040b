/** A screen that is loaded when first needed. Once loaded it renders at once, without passing through a placeholder. */
import { lazy, type ComponentType, type ReactNode } from "react";

export type ScreenProps = { params: Readonly<Record<string, string>>; search: URLSearchParams };

export interface LazyScreen {
  load(): Promise<unknown>;
  render(props: ScreenProps): ReactNode;
}

export function lazyScreen(fetch: () => Promise<ComponentType<ScreenProps>>): LazyScreen {
  let loaded: ComponentType<ScreenProps> | null = null;
  let loading: Promise<ComponentType<ScreenProps>> | null = null;
  const load = (): Promise<ComponentType<ScreenProps>> => {
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
  const Pending = lazy(async () => ({ default: await load() }));
  return {
    load,
    render(props) {
      const Loaded = loaded ?? Pending;
      return <Loaded {...props} />;
    },
  };
}

export const eagerScreen = (Component: ComponentType<ScreenProps>): LazyScreen => ({
  load: () => Promise.resolve(),
  render: (props) => <Component {...props} />,
});
