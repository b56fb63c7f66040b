/** The list that is on screen, for keys and palette: they move its cursor and focus its search without knowing the component. */
export interface ListNavigation {
  move(step: 1 | -1): void;
  focusSearch(): void;
}

let current: ListNavigation | null = null;

export function registerList(list: ListNavigation): () => void {
  current = list;
  return () => {
    if (current === list) current = null;
  };
}

export const listNavigation = (): ListNavigation | null => current;
