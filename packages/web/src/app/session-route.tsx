/** provisional */
import type { ScreenProps } from "./routing/screens.tsx";

export function SessionRoute({ params }: ScreenProps) {
  return <p className="p-4">{params["sessionId"]}</p>;
}
