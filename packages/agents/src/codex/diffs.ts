/** What a file change shows (`FileUpdateChange`, 0.171.0): of a new file its text, of a changed one a unified diff. */
import type { ToolContent } from "@hapi/protocol";
import { fields, text, type Fields } from "../shared/read.ts";

const HUNK = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/;

interface Hunk {
  oldStart: number;
  newStart: number;
  old: string[];
  new: string[];
}

function hunksOf(diff: string): Hunk[] {
  const hunks: Hunk[] = [];
  for (const line of diff.split("\n")) {
    const head = HUNK.exec(line);
    if (head) hunks.push({ oldStart: Number(head[1]), newStart: Number(head[2]), old: [], new: [] });
    const hunk = hunks.at(-1);
    if (head || !hunk) continue;
    if (line.startsWith("-") || line.startsWith(" ")) hunk.old.push(line.slice(1));
    if (line.startsWith("+") || line.startsWith(" ")) hunk.new.push(line.slice(1));
  }
  return hunks;
}

export function diffContents(change: Fields): ToolContent[] {
  const diff = text(change["diff"]) ?? "";
  const path = text(change["path"]) ?? "";
  const kind = fields(change["kind"]);
  if (kind["type"] === "add") return [{ type: "diff", path, oldText: null, newText: diff }];
  if (kind["type"] === "delete") return [{ type: "diff", path, oldText: diff, newText: "" }];
  return hunksOf(diff).map((hunk) => ({
    type: "diff",
    path: text(kind["move_path"]) ?? path,
    oldText: hunk.old.join("\n"),
    newText: hunk.new.join("\n"),
    oldStart: hunk.oldStart,
    newStart: hunk.newStart,
  }));
}
