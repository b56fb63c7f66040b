/** Cuts the text of an event stream into events, wherever the chunks end. Comments and unknown fields are dropped. */

export class EventParser {
  readonly #onEvent: (data: string, id: string | undefined) => void;
  #rest = "";

  constructor(onEvent: (data: string, id: string | undefined) => void) {
    this.#onEvent = onEvent;
  }

  feed(chunk: string): void {
    const text = this.#rest + chunk;
    let at = 0;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n", at)) {
      this.#event(text, at, end);
      at = end + 2;
    }
    this.#rest = at === 0 ? text : text.slice(at);
  }

  #event(text: string, from: number, end: number): void {
    let data: string | null = null;
    let id: string | undefined;
    for (let at = from; at < end;) {
      const found = text.indexOf("\n", at);
      const stop = found < 0 || found > end ? end : found;
      if (text.startsWith("data:", at)) {
        const value = text.slice(text[at + 5] === " " ? at + 6 : at + 5, stop);
        data = data === null ? value : `${data}\n${value}`;
      } else if (text.startsWith("id:", at)) id = text.slice(at + 3, stop).trim();
      at = stop + 1;
    }
    if (data !== null) this.#onEvent(data, id);
  }
}
