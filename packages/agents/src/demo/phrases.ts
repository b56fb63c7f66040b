/** The demo agent's plain phrases: what a newcomer types first, and what comes back. Every answer names what can be tried next. */
import { shortText } from "@hapi/core";
import type { Step, TodoStatus } from "./script.ts";

const GREETING = `Hello! I am the demo agent. I am part of HAPI, need no account and no network, and work in a scratch folder, so nothing here can break.

Send me one of these:

- **tour** shows everything at once: thinking, a to-do list, an edit you approve, a command
- **edit a file** changes a small file, after you allowed it
- **run the tests** runs a (pretended) command
- **make a to-do list** or **propose a plan**
- **ask me something** puts a question to you
- **tell me a story** streams a longer answer; press Stop any time
- **fail once** lets the model fail, then try *Retry*

\`help\` lists the exact words for tests.`;

const HELP = `These lines, one or several in a message, make me do exactly that:

| line | what happens |
| --- | --- |
| \`run: ls\` | a command (pretended), with permission |
| \`write notes.md: text\` · \`edit notes.md: old => new\` · \`read: notes.md\` | files in my scratch folder |
| \`todo: a,*b,+c\` | a to-do list; \`*\` in progress, \`+\` done |
| \`ask: Which one?\\|A\\|B\` | a question |
| \`plan: text\` | a plan to approve |
| \`think: text\` · \`say: text\` | a thought, an answer |
| \`slow 50 100\` | 50 pieces of text, 100 ms apart |
| \`fail 529 x1\` · \`rate limit\` · \`cut x1\` · \`break\` · \`hang\` | errors: overloaded (once), rate limit, the connection lost (once), the process ends, silence |
| \`recall\` | what you said before, from my own record |`;

const SAMPLE = `Here is a bit of everything a message can hold.

## Text

**Bold**, *italic*, \`code\`, a [link](https://agentclientprotocol.com) and a list:

1. first
2. second
   - nested

| language | hello |
| --- | --- |
| English | Hello |
| 中文 | 你好 |

\`\`\`ts
export function greet(name: string): string {
  return \`Hello, \${name}!\`;
}
\`\`\`

> A quote, to end with.`;

const STORY = `A small program lived on a laptop. All day it answered its person, who sat in front of it and typed.

One evening the person had to catch a train. "Don't stop," they said, closed the lid, and left. The program went on working, because somebody had thought of it: its work was kept by a host that no closing lid could reach.

On the train the person opened their phone. There it was, the same conversation, still moving. The program wanted to change a file and asked first. The person read the change, tapped *Allow*, and looked out of the window.

When they came home, the laptop showed everything that had happened, in order, and nothing twice. "How was the train?" the program would have asked, but it was only a demo.`;

const EDIT: readonly Step[] = [
  { do: "restore", path: "greeting.ts" },
  { do: "say", text: "I will look at the file first." },
  { do: "read", path: "greeting.ts" },
  { do: "think", text: 'The greeting says "Helo". One letter is missing; that is the whole change.' },
  { do: "edit", path: "greeting.ts", from: "Helo", to: "Hello" },
  { do: "say", text: "That was the typo. Say **run the tests** to check it." },
];

const RUN: readonly Step[] = [
  { do: "say", text: "Running the tests." },
  { do: "run", command: "npm test" },
  { do: "say", text: "That was the test run. If something is red, say **edit a file** and run them again." },
];

const LIST = ["Read the code", "Fix the greeting", "Run the tests"] as const;

function list(done: number): Step {
  const status = (index: number): TodoStatus => (index < done ? "completed" : index === done ? "in_progress" : "pending");
  return { do: "todo", entries: LIST.map((content, index) => ({ content, status: status(index) })) };
}

const TOUR: readonly Step[] = [
  { do: "restore", path: "greeting.ts" },
  { do: "think", text: "The person wants to see what I can do. I will make a list, fix a typo and run the tests." },
  list(0),
  { do: "say", text: "Here is what I will do; the list keeps up with me." },
  { do: "read", path: "greeting.ts" },
  list(1),
  { do: "edit", path: "greeting.ts", from: "Helo", to: "Hello" },
  list(2),
  { do: "run", command: "npm test" },
  list(3),
  { do: "say", text: "That was the tour. **propose a plan**, **ask me something** and **fail once** show the rest." },
];

const phrases: readonly [RegExp, readonly Step[]][] = [
  [/\b(help|what can you do|commands|how does this work)\b/, [{ do: "say", text: HELP }]],
  [/\b(tour|everything|show me around)\b/, TOUR],
  [
    /\b(propose|suggest|approve|approval)\b.*\bplan\b|\bplan mode\b/,
    [planStep(), { do: "say", text: "Good. Say **edit a file** and I will begin." }],
  ],
  [
    /\b(to-?do|check ?list|make a plan|plan)\b/,
    [
      list(0),
      { do: "pause", ms: 400 },
      list(1),
      { do: "pause", ms: 400 },
      list(2),
      { do: "say", text: "The list above is live: I tick things off as I go." },
    ],
  ],
  [/\b(edit|change|fix|write|typo)\b/, EDIT],
  [/\b(run|tests?|command|shell)\b/, RUN],
  [/\b(ask|question)\b/, [{ do: "ask", question: "Which colour do you like best?", options: ["Green", "Blue", "Orange"] }]],
  [/\b(story|long|stream|slowly)\b/, [{ do: "say", text: STORY }]],
  [
    /\b(think|thought|reason)\b/,
    [
      { do: "think", text: "I look at the question from two sides, and take the simpler one." },
      { do: "say", text: "I thought about it; open the line above to see how." },
    ],
  ],
  [/\b(markdown|code|sample|format)\b/, [{ do: "say", text: SAMPLE }]],
  [/\b(fail|error|overload)/, [{ do: "fail", status: 529, times: 1, message: null }]],
  [/\b(what did i say|remember|history|recall)\b/, [{ do: "recall" }]],
  [/^(hi|hello|hey|hallo|hola|bonjour|good (morning|day|evening)|test|start)\b|你好/, [{ do: "say", text: GREETING }]],
];

function planStep(): Step {
  return {
    do: "plan",
    text: "## Plan\n\n1. Read `greeting.ts`\n2. Fix the typo in the greeting\n3. Run the tests\n\nNothing outside my scratch folder is touched.",
  };
}

export function phraseSteps(prompt: string): readonly Step[] {
  const text = prompt.trim().toLowerCase();
  if (text === "") return [{ do: "say", text: GREETING }];
  // A long text is not a wish in few words.
  const found = text.length <= 200 ? phrases.find(([pattern]) => pattern.test(text)) : undefined;
  return found ? found[1] : [{ do: "say", text: echo(prompt.trim()) }];
}

function echo(prompt: string): string {
  const shown = shortText(prompt, 500);
  return `You said: ${shown}\n\nI am only a demo and don't understand much. Say **hello** or **help** to see what I do.`;
}
