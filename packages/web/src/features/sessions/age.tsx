/** A list's short time: "5m" where a sentence has no room. */
import { RelativeTime } from "../../ui/relative-time.tsx";
import { ageWords } from "./age.model.ts";

export function Age({ at, className }: { at: number; className?: string }) {
  return <RelativeTime at={at} className={className} words={ageWords} />;
}
