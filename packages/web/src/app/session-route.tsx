/** provisional */
import { useParams } from "@tanstack/react-router";

export function SessionRoute() {
  const { sessionId } = useParams({ from: "/app/sessions/$sessionId" });
  return <p className="p-4">{sessionId}</p>;
}
