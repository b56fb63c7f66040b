/** Where the person was in a conversation when they left it, as long as the app is open; at its end there is nothing to remember. */
export interface Place {
  /** Of the item at the upper edge. */
  key: string;
  /** How far the edge is into it. */
  into: number;
}

const MAX_PLACES = 100;
const places = new Map<string, Place>();

export const placeOf = (sessionId: string): Place | undefined => places.get(sessionId);

export function keepPlace(sessionId: string, place: Place | null): void {
  places.delete(sessionId);
  if (place) places.set(sessionId, place);
  const [oldest] = places.keys();
  if (places.size > MAX_PLACES && oldest !== undefined) places.delete(oldest);
}
