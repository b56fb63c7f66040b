/** The theme's promises about contrast, checked on the colours themselves: every word on every ground it stands on, light and dark. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const css = readFileSync(join(import.meta.dir, "theme.css"), "utf8");

function colour(name: string, scheme: "light" | "dark"): string {
  const pair = new RegExp(`--color-${name}: light-dark\\((#\\w+), (#\\w+)\\)`).exec(css);
  const single = new RegExp(`--color-${name}: (#\\w+);`).exec(css)?.[1];
  const found = pair ? pair[scheme === "light" ? 1 : 2] : single;
  if (!found) throw new Error(`theme.css has no colour ${name}`);
  return found;
}

function luminance(hex: string): number {
  const channel = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const grounds = ["ground", "sunken", "raised", "hover"];
const words = ["ink", "quiet", "accent", "waiting", "working", "done", "failed"];
const code = ["keyword", "string", "number", "comment", "function", "type", "punctuation"].map((token) => `code-${token}`);

for (const scheme of ["light", "dark"] as const) {
  const expectContrast = (word: string, ground: string, least: number) => {
    const ratio = contrast(colour(word, scheme), colour(ground, scheme));
    expect(ratio, `${word} on ${ground}, ${scheme}: ${ratio.toFixed(2)}`).toBeGreaterThanOrEqual(least);
  };

  test(`words are readable on every ground (${scheme})`, () => {
    for (const word of words) for (const ground of grounds) expectContrast(word, ground, 4.5);
    for (const meaning of ["waiting", "working", "done", "failed"]) expectContrast(meaning, `${meaning}-wash`, 4.5);
    for (const fill of ["accent-fill", "accent-press", "failed-fill"]) expectContrast("on-accent", fill, 4.5);
    for (const word of ["ink", "quiet"]) expectContrast(word, "pressed", 4.5);
  });

  test(`code is readable on its ground and on every kind of diff line (${scheme})`, () => {
    for (const token of [...code, "ink"])
      for (const ground of ["sunken", "ground", "added", "removed", "added-word", "removed-word"]) expectContrast(token, ground, 4.5);
    for (const sign of [
      ["done", "added"],
      ["failed", "removed"],
      ["quiet", "added"],
      ["quiet", "removed"],
    ] as const)
      expectContrast(sign[0], sign[1], 4.5);
  });

  test(`controls stand out from their ground (${scheme})`, () => {
    for (const ground of ["ground", "raised", "sunken"]) expectContrast("edge", ground, 3);
  });
}
