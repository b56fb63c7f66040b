/** A QR code as one path. Dark on light whatever the scheme: cameras of older phones read no other. */
import { useMemo } from "react";
import { encode } from "uqr";

/** Modules of quiet ground that a reader needs around it. */
const QUIET = 4;
const SIDE_PX = 224;

export function QrCode({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => drawn(text), [text]);
  return (
    <svg
      width={SIDE_PX}
      height={SIDE_PX}
      className="max-w-full rounded-card border border-line"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} fill="var(--color-paper)" />
      <path d={path} fill="var(--color-on-paper)" />
    </svg>
  );
}

/** Each run of dark modules in a row is one rectangle. */
function drawn(text: string): { size: number; path: string } {
  const { data, size } = encode(text, { border: QUIET });
  let path = "";
  for (const [y, row] of data.entries())
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      const from = x;
      while (row[x + 1]) x++;
      path += `M${from} ${y}h${x - from + 1}v1H${from}z`;
    }
  return { size, path };
}
