/** A viewer's connection: keys and sizes in, screen bytes and the end of the session out. */
import type { Connection } from "@hapi/platform/lean";
import type { Peer } from "./door.ts";
import { decodeJson, frameType } from "./frames.ts";
import type { Host } from "./host.ts";
import { integer, text, type Hello } from "./messages.ts";

const maxSize = 4_096;

export function createViewerPeer(host: Host, connection: Connection, hello: Hello, number: number): Peer {
  const viewer = host.viewers.add(number, connection, size(hello.cols ?? 80, hello.rows ?? 24));
  return {
    frame(frame) {
      if (frame.type === frameType.keys) return host.viewers.keys(viewer, frame.payload);
      if (frame.type !== frameType.request) return;
      const fields = decodeJson(frame.payload);
      if (text(fields, "op") !== "resize") return;
      const { cols, rows } = size(integer(fields, "cols"), integer(fields, "rows"));
      host.viewers.resize(viewer, cols, rows);
    },
    drained: () => host.viewers.drained(viewer),
    closed() {
      host.viewers.remove(viewer);
      host.viewerLeft();
    },
  };
}

/** A terminal that does not know its size says 0. */
function size(cols: number, rows: number): { cols: number; rows: number } {
  return { cols: Math.min(cols, maxSize) || 80, rows: Math.min(rows, maxSize) || 24 };
}
