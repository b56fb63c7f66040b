/**
 * A transcript is a tree by `uuid` and `parentUuid`: rewinding or editing a prompt leaves the abandoned branch in the file. The conversation is
 * the path from the active leaf to the root. Results of tools called side by side hang on their own call and belong to it.
 */
import { isJson, type Json, list, obj, str } from "./json.ts";

const NONE = "00000000-0000-0000-0000-000000000000";

interface Node {
  parent: string | undefined;
  /** Lines of a conversation; attachments and marks only link them. */
  toolResult: boolean;
}

export interface Tree {
  add(line: Json): void;
  /** Ids of the lines on the active branch. */
  active(): Set<string>;
}

function isToolResult(line: Json): boolean {
  return list(obj(line["message"])["content"]).some((block) => isJson(block) && block["type"] === "tool_result");
}

export function createTree(): Tree {
  const nodes = new Map<string, Node>();
  let leaf: string | undefined;

  return {
    add(line) {
      if (line["type"] === "last-prompt" && line["explicit"] === true) {
        const named = str(line["leafUuid"]);
        // After a new prompt Claude takes the place back that it had named (2.1.329, 2.1.332): the conversation goes on at the newest line.
        if (named !== NONE || line["rewound"] === true) leaf = named;
        return;
      }
      const uuid = str(line["uuid"]);
      if (uuid === undefined || line["isSidechain"] === true) return;
      // After a compaction the visible parent is null and the logical one goes on.
      const parent = str(line["parentUuid"]) ?? str(line["logicalParentUuid"]);
      nodes.set(uuid, { parent, toolResult: isToolResult(line) });
      leaf = uuid;
    },
    active() {
      const path = new Set<string>();
      for (let at = leaf; at !== undefined && !path.has(at); at = nodes.get(at)?.parent) path.add(at);
      for (const [uuid, node] of nodes) if (node.toolResult && node.parent !== undefined && path.has(node.parent)) path.add(uuid);
      return path;
    },
  };
}
