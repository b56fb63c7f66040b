/**
 * HAPI's own tools for agents, as an MCP client is told of them. Both sides of the door read it: `hapi mcp` tells, the session answers. Imports
 * nothing: it stands on the way to an agent's first paint.
 */

/** The agent knows each tool as `mcp__hapi__<name>`, or in its own way of the same two words. */
export const TOOL_SERVER = "hapi";

export interface ToolWords {
  name: string;
  description: string;
  inputSchema: object;
  annotations: { title: string; readOnlyHint: boolean; destructiveHint: boolean; idempotentHint: boolean; openWorldHint: boolean };
}

export const MAX_TITLE_CHARS = 200;

/** Nothing of it reaches beyond the session, and nothing is lost by it. */
const ofItsOwn = (title: string, readOnlyHint: boolean): ToolWords["annotations"] => ({
  title,
  readOnlyHint,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
});

const object = (properties: object, required: readonly string[]): object => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});

export const TOOLS: readonly ToolWords[] = [
  {
    name: "change_title",
    description:
      "Sets the title of this session, as the person sees it in the list of sessions. Use it once it is clear what the work is about, and again when that has changed. A name that the person has given stays in front of it.",
    inputSchema: object(
      { title: { type: "string", maxLength: MAX_TITLE_CHARS, description: "A few words on one line: what this session is about." } },
      ["title"],
    ),
    annotations: ofItsOwn("Change the title", false),
  },
];

/** Tools that an agent may use without asking the person, where it can be told so: they read, or are about its own session. */
export const UNASKED: readonly string[] = TOOLS.map(({ name }) => name);
