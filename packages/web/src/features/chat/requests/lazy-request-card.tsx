/** A request card whose code comes when there is a request; the chat asks for it early, as soon as it has nothing better to do. */
import { part } from "../../../ui/part.tsx";
import { source } from "../../../ground/source.ts";
import { Card } from "../../../ui/card.tsx";
import { Skeleton } from "../../../ui/skeleton.tsx";

const cards = source(() => import("./request-card.tsx"));
export const loadRequestCard = cards.load;

export const RequestCard = part(cards, (module) => module.RequestCard, {
  waiting: () => (
    <Card tone="waiting">
      <Skeleton lines={3} />
    </Card>
  ),
  frame: (word) => (
    <Card tone="waiting" className="px-3 py-1">
      {word}
    </Card>
  ),
});
