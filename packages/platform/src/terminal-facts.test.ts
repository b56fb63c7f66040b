import { expect, test } from "bun:test";
import { join } from "node:path";

const program = `
  const { isTerminal, terminalSize } = await import(${JSON.stringify(join(import.meta.dir, "terminal-facts.ts"))});
  const quick = [isTerminal(0), isTerminal(1), isTerminal(2), terminalSize()];
  const streams = [process.stdin, process.stdout, process.stderr].map((one) => one.isTTY === true);
  // Nothing of the question is left on the terminal, also when what it made is gone.
  Bun.gc(true);
  process.binding = undefined;
  const asked = [isTerminal(0), isTerminal(1), isTerminal(2), terminalSize()];
  process.stdout.write("<" + JSON.stringify({ quick, streams, asked }) + ">");
`;

test("on a terminal: the same as the streams say, with its size; without the binding the streams are asked", async () => {
  let text = "";
  const decoder = new TextDecoder();
  const child = Bun.spawn([process.execPath, "-e", program], {
    terminal: { cols: 97, rows: 31, data: (_terminal, bytes) => void (text += decoder.decode(bytes, { stream: true })) },
  });
  await child.exited;
  const told = [true, true, true, { cols: 97, rows: 31 }];
  expect(JSON.parse(/<(.*)>/s.exec(text)?.[1] ?? "null")).toEqual({ quick: told, streams: [true, true, true], asked: told });
});

test("without one there is no size", async () => {
  const child = Bun.spawn([process.execPath, "-e", program], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  const text = await new Response(child.stdout).text();
  const told = [false, false, false, null];
  expect(JSON.parse(/<(.*)>/s.exec(text)?.[1] ?? "null")).toEqual({ quick: told, streams: [false, false, false], asked: told });
});
