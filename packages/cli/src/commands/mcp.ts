/** `hapi mcp <socket> <host's socket>`: HAPI's own tools, an MCP server between an agent (stdin, stdout) and its session. */
import { runToolBridge } from "@hapi/machine/tool-bridge";

export function runTools(words: string[]): Promise<number> {
  return runToolBridge(words, { stdin: process.stdin, stdout: process.stdout, env: process.env });
}
