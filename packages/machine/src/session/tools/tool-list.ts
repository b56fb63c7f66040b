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
export const MAX_CAPTION_CHARS = 200;
export const MAX_QUESTION_CHARS = 2_000;
export const MAX_OPTIONS = 10;
export const MAX_OPTION_CHARS = 200;

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
  {
    name: "display_image",
    description:
      "Shows the person a picture in the history of this session: a screenshot, a chart, a design. PNG, JPEG, GIF or WebP, at most 2 MB, from the folder of the session.",
    inputSchema: object(
      {
        path: { type: "string", description: "Of the file; relative to the folder of the session, or absolute and within it." },
        caption: { type: "string", maxLength: MAX_CAPTION_CHARS, description: "What it shows, on one line." },
      },
      ["path"],
    ),
    annotations: ofItsOwn("Show a picture", true),
  },
  {
    name: "ask_person",
    description:
      "Asks the person who follows this session in HAPI, on a phone or in a browser, and waits for the answer, which may take hours. For what only a person can decide. Does not reach whoever sits at the terminal: there, use your own way of asking.",
    inputSchema: object(
      {
        question: {
          type: "string",
          maxLength: MAX_QUESTION_CHARS,
          description: "With all that is needed to answer it away from the desk.",
        },
        options: {
          type: "array",
          items: { type: "string", maxLength: MAX_OPTION_CHARS },
          maxItems: MAX_OPTIONS,
          description: "Answers to choose from. Other words can be given all the same.",
        },
        multiple: { type: "boolean", description: "Whether several of the options may be chosen." },
      },
      ["question"],
    ),
    annotations: ofItsOwn("Ask the person", true),
  },
];

/** Tools that an agent may use without asking the person, where it can be told so: they read, or are about its own session. */
export const UNASKED: readonly string[] = TOOLS.map(({ name }) => name);
