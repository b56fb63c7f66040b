/**
 * Draws the app's icons (run by hand when the mark changes: `bun vite/icons.ts`). The mark is a few round strokes, so distance fields and a
 * hand-made PNG do; no image library. Keep in step with `public/icons/icon.svg`.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { crc32, deflateSync } from "node:zlib";

type Rgb = readonly [number, number, number];
const GROUND: Rgb = [79, 70, 229];
const STROKE: Rgb = [255, 255, 255];
const DOT: Rgb = [255, 198, 92];
/** Drawn on a 64 × 64 field. */
const LINES = [
  [19, 18, 19, 46],
  [37, 18, 37, 46],
  [19, 32, 37, 32],
] as const;

function toLine(x: number, y: number, [x1, y1, x2, y2]: readonly [number, number, number, number]): number {
  const length = (x2 - x1) ** 2 + (y2 - y1) ** 2;
  const along = Math.max(0, Math.min(1, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length));
  return Math.hypot(x - x1 - along * (x2 - x1), y - y1 - along * (y2 - y1)) - 3;
}

function toRoundedSquare(x: number, y: number, radius: number): number {
  const dx = Math.max(Math.abs(x - 32) - 32 + radius, 0);
  const dy = Math.max(Math.abs(y - 32) - 32 + radius, 0);
  return Math.hypot(dx, dy) - radius;
}

/** How much of a pixel of `size` a shape at this distance covers. */
const cover = (distance: number, pixel: number): number => Math.max(0, Math.min(1, 0.5 - distance / pixel));
const mix = (below: Rgb, above: Rgb, share: number): Rgb =>
  [0, 1, 2].map((at) => below[at]! + (above[at]! - below[at]!) * share) as unknown as Rgb;

/** @param mark share of the field the mark takes: maskable icons need a margin; @param radius of the ground's corners, 0 fills it */
function draw(size: number, mark: number, radius: number): Uint8Array {
  const pixel = 64 / size;
  const rows = new Uint8Array(size * (size * 4 + 1));
  for (let py = 0; py < size; py += 1) {
    for (let px = 0; px < size; px += 1) {
      const [x, y] = [(px + 0.5) * pixel, (py + 0.5) * pixel];
      const [mx, my] = [32 + (x - 32) / mark, 32 + (y - 32) / mark];
      const inLines = Math.min(...LINES.map((line) => toLine(mx, my, line)));
      const inDot = Math.hypot(mx - 48, my - 44) - 4.5;
      const colour = mix(mix(GROUND, STROKE, cover(inLines * mark, pixel)), DOT, cover(inDot * mark, pixel));
      const alpha = radius === 0 ? 1 : cover(toRoundedSquare(x, y, radius), pixel);
      rows.set([...colour.map(Math.round), Math.round(alpha * 255)], py * (size * 4 + 1) + 1 + px * 4);
    }
  }
  return rows;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

function png(size: number, rows: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}

const folder = fileURLToPath(new URL("../public/icons/", import.meta.url));
mkdirSync(folder, { recursive: true });
for (const [name, size, mark, radius] of [
  ["icon-192.png", 192, 1, 14],
  ["icon-512.png", 512, 1, 14],
  ["icon-maskable-512.png", 512, 0.72, 0],
  ["apple-touch-icon.png", 180, 0.9, 0],
] as const) {
  writeFileSync(`${folder}${name}`, png(size, draw(size, mark, radius)));
}
