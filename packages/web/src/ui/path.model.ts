/** Where a path or a file's name may be cut: never in what tells it from its neighbours, which is its end. Pure. */
import { cutTextStart } from "@hapi/core";

/** Of a name without directories: enough for its number and its ending. */
const NAME_END = 12;

/** `head` may be cut, `end` is what must stay: the last part of a path, the end of a file's name. */
export function splitPath(path: string): { head: string; end: string } {
  const at = Math.max(path.lastIndexOf("/", path.length - 2), path.lastIndexOf("\\", path.length - 2));
  if (at > 0) return { head: path.slice(0, at), end: path.slice(at) };
  if (path.length <= NAME_END) return { head: "", end: path };
  const end = cutTextStart(path, NAME_END);
  return { head: path.slice(0, path.length - end.length), end };
}
