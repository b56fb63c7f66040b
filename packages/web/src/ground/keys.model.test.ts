import { describe, expect, test } from "bun:test";
import { pressed, SEQUENCE_MS, type KeyPress, type KeyState } from "./keys.model.ts";

const press = (key: string, change: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrl: false,
  meta: false,
  alt: false,
  typing: false,
  blocked: false,
  ...change,
});
const idle: KeyState = { goAt: null };
const command = (key: string, change?: Partial<KeyPress>) => pressed(idle, press(key, change), 0).command;

describe("keys", () => {
  test("single keys", () => {
    expect(["j", "k", "/", "?", "c"].map((key) => command(key))).toEqual(["next", "previous", "search", "help", "new"]);
  });

  test("g and then a place, while it still counts", () => {
    const { state } = pressed(idle, press("g"), 0);
    expect(pressed(state, press("i"), SEQUENCE_MS).command).toBe("inbox");
    expect(pressed(state, press("i"), SEQUENCE_MS + 1).command).toBeNull();
    expect(pressed(state, press("j"), 10).command).toBeNull();
  });

  test("typing and dialogs keep their keys", () => {
    expect(command("j", { typing: true })).toBeNull();
    expect(command("j", { blocked: true })).toBeNull();
    expect(command("?", { blocked: true })).toBeNull();
  });

  test("Escape leaves a text field, and nothing else", () => {
    expect(command("Escape", { typing: true })).toBe("leave");
    expect(command("Escape", { typing: true, blocked: true })).toBeNull();
    expect(command("Escape")).toBeNull();
  });

  test("⌘K and Ctrl K open the palette, also while typing, but not over a dialog", () => {
    expect(command("k", { meta: true, typing: true })).toBe("palette");
    expect(command("K", { ctrl: true })).toBe("palette");
    expect(command("k", { meta: true, blocked: true })).toBeNull();
  });

  test("the browser's own shortcuts are left alone", () => {
    expect(command("c", { ctrl: true })).toBeNull();
    expect(command("j", { alt: true })).toBeNull();
  });
});
