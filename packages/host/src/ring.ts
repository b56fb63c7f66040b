/**
 * The last bytes of a stream, addressed by absolute offset. A forgetting ring (PTY, stderr) drops the oldest when it is full; a waiting ring
 * (a pipe's stdout) keeps everything until it is released, and says when it is full so that its owner stops reading.
 * Memory is taken in segments as it is needed and given back: an idle session costs what it wrote, not its limit.
 */

const segmentBytes = 64 << 10;

export type RingMode = "forget" | "wait";

export class ByteRing {
  readonly mode: RingMode;
  readonly capacity: number;
  /** segments[i] holds the bytes from (firstSegment + i) * segmentBytes on. */
  #segments: Uint8Array[] = [];
  #firstSegment = 0;
  #start = 0;
  #end = 0;

  constructor(mode: RingMode, capacity: number) {
    this.mode = mode;
    this.capacity = Math.max(capacity, segmentBytes);
  }

  /** Offset of the oldest byte that is still here. */
  get start(): number {
    return this.#start;
  }

  /** Offset of the next byte that will come. */
  get end(): number {
    return this.#end;
  }

  get isFull(): boolean {
    return this.#end - this.#start >= this.capacity;
  }

  append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const index = Math.floor(this.#end / segmentBytes) - this.#firstSegment;
      const within = this.#end % segmentBytes;
      const segment = (this.#segments[index] ??= new Uint8Array(segmentBytes));
      const count = Math.min(segmentBytes - within, bytes.length - at);
      segment.set(bytes.subarray(at, at + count), within);
      this.#end += count;
      at += count;
      if (this.mode === "forget" && this.#end - this.#start > this.capacity) this.#moveStart(this.#end - this.capacity);
    }
  }

  /** Bytes before `offset` may go. */
  release(offset: number): void {
    if (offset > this.#start) this.#moveStart(Math.min(offset, this.#end));
  }

  /** A view of up to `max` bytes from `offset` on (at most to the end of a segment); empty at the end. Only valid until the next append. */
  view(offset: number, max: number): Uint8Array {
    if (offset < this.#start || offset >= this.#end) return new Uint8Array(0);
    const segment = this.#segments[Math.floor(offset / segmentBytes) - this.#firstSegment] as Uint8Array;
    const within = offset % segmentBytes;
    return segment.subarray(within, within + Math.min(max, segmentBytes - within, this.#end - offset));
  }

  /** A copy of everything from `offset` (or the oldest byte) on. */
  copyFrom(offset: number): Uint8Array {
    const from = Math.max(offset, this.#start);
    const copy = new Uint8Array(Math.max(0, this.#end - from));
    for (let at = from; at < this.#end;) {
      const view = this.view(at, segmentBytes);
      copy.set(view, at - from);
      at += view.length;
    }
    return copy;
  }

  #moveStart(offset: number): void {
    this.#start = offset;
    const keepFrom = Math.floor(offset / segmentBytes);
    const drop = Math.min(keepFrom - this.#firstSegment, this.#segments.length);
    if (drop <= 0) return;
    const freed = this.#segments.splice(0, drop);
    this.#firstSegment += drop;
    if (this.#segments.length === 0) this.#firstSegment = keepFrom;
    // A flood moves through the same few segments instead of making garbage.
    const spare = freed[0] as Uint8Array;
    const next = Math.floor(this.#end / segmentBytes) - this.#firstSegment;
    if (this.mode === "forget" && this.#segments[next] === undefined && this.#end % segmentBytes === 0) this.#segments[next] = spare;
  }
}
