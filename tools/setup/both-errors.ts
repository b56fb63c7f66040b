/** Loaded before every test file: of a test that fails and can't be cleaned up either, both errors are printed. The runtime prints neither. */
const say = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

Object.defineProperty(SuppressedError.prototype, "message", {
  configurable: true,
  get(this: SuppressedError) {
    return `${say(this.suppressed)}\n\nand then, while it was cleaned up: ${say(this.error)}`;
  },
});
