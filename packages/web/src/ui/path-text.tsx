/** A path, or a file's name, in one line: where there is no room, its middle goes and its end stays. Its text is whole for whoever copies or hears it. */
import { cx } from "./cx.ts";
import { splitPath } from "./path.model.ts";

export function PathText({ path, className }: { path: string; className?: string }) {
  const { head, end } = splitPath(path);
  return (
    <span dir="ltr" title={path} className={cx("inline-flex max-w-full min-w-0 whitespace-pre", className)}>
      {head !== "" && <span className={head.length > 2 ? "min-w-[2ch] truncate" : "shrink-0"}>{head}</span>}
      {/* gives way only when nothing is left of the rest */}
      <span className="min-w-0 shrink-0 truncate" style={{ maxWidth: head.length <= 2 ? "100%" : "calc(100% - 2ch)" }}>
        {end}
      </span>
    </span>
  );
}

interface FactsProps {
  before: string;
  path: string;
  after: string;
  /** Something stands before them in the line. */
  follows?: boolean;
}

/** A path among other facts of one line. Where not even a word of them could be read, there is nothing. */
export function FactsWithPath({ before, path, after, follows = false }: FactsProps) {
  return (
    <span className="flex h-[var(--line-small)] min-w-0 flex-1 flex-wrap overflow-hidden">
      {/* with it the rest has a line to fall to, out of sight */}
      <span className="h-[var(--line-small)] w-px shrink-0" />
      <span className="flex min-w-[11ch] flex-1 whitespace-nowrap">
        {follows && <Dot />}
        {before !== "" && <span className="max-w-2/3 shrink-0 truncate">{before}</span>}
        {before !== "" && path !== "" && <Dot />}
        {path !== "" && <PathText path={path} />}
        {after !== "" && (
          <span className="min-w-0 shrink-[999] truncate">
            {before + path !== "" && <Dot />}
            {after}
          </span>
        )}
      </span>
    </span>
  );
}

const Dot = () => <span className="shrink-0 whitespace-pre"> · </span>;
