/** Server-sent events as OpenCode writes them: `data: {json}`, an empty line between two. What is no JSON is an event of its own, to be told raw. */

const MAX_CHARS = 64 * 1024 * 1024;

export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true });
    if (rest.length > MAX_CHARS) throw new Error("an event of OpenCode's is too long");
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const data = dataOf(block);
      if (data !== "") yield parse(data);
    }
  }
}

const dataOf = (block: string): string =>
  block
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith("data:") ? [line.slice(5).replace(/^ /, "")] : []))
    .join("\n");

function parse(data: string): unknown {
  try {
    return JSON.parse(data) as unknown;
  } catch {
    return { type: "unreadable", properties: { data } };
  }
}
