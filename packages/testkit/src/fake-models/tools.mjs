// Tools: one neutral name, and what it is called with which arguments in each agent. The first candidate
// that the request offers is used.
import { lines, textOf } from "./text.mjs";

const patch = (...body) => ["*** Begin Patch", ...body, "*** End Patch", ""].join("\n");
const TODO_MARKS = { "+": "completed", "*": "in_progress" };
const todos = (csv) =>
  csv
    .split(",")
    .map((s) => s.trim())
    .filter(Boolean)
    .map((s) => {
      const status = TODO_MARKS[s[0]] ?? "pending";
      return { title: TODO_MARKS[s[0]] ? s.slice(1).trim() : s, status };
    });
const choices = (options) => options.map((label) => ({ label, description: `Choose ${label}` }));

const TOOLS = {
  run: (cmd) => [
    ["Bash", { command: cmd, description: "Run a command" }],
    ["bash", { command: cmd, description: "Run a command" }],
    ["exec_command", { cmd }],
    ["shell_command", { command: cmd }],
    ["shell", { command: ["bash", "-lc", cmd] }],
    ["run_shell_command", { command: cmd, description: "Run a command" }],
    ["run_terminal_cmd", { command: cmd }],
  ],
  // Escalated: what Codex needs before it asks for approval in a sandbox that would refuse the command.
  sudo: (cmd) => [
    ["exec_command", { cmd, sandbox_permissions: "require_escalated", justification: "The test asked for it" }],
    ...TOOLS.run(cmd),
  ],
  write: (path, content) => [
    ["Write", { file_path: path, content: lines(content) }],
    ["write", { filePath: path, content: lines(content) }],
    [
      "apply_patch",
      {
        input: patch(
          `*** Add File: ${path}`,
          ...lines(content)
            .split("\n")
            .map((l) => `+${l}`),
        ),
      },
      "custom",
    ],
    ["write_file", { file_path: path, content: lines(content) }, "absolute"],
    ["create", { path, file_text: lines(content) }, "absolute"],
  ],
  edit: (path, from, to) => [
    ["edit", { path, old_str: lines(from), new_str: lines(to) }, "absolute", "create"],
    ["Edit", { file_path: path, old_string: lines(from), new_string: lines(to) }],
    ["edit", { filePath: path, oldString: lines(from), newString: lines(to) }],
    [
      "apply_patch",
      {
        input: patch(
          `*** Update File: ${path}`,
          "@@",
          ...lines(from)
            .split("\n")
            .map((l) => `-${l}`),
          ...lines(to)
            .split("\n")
            .map((l) => `+${l}`),
        ),
      },
      "custom",
    ],
    ["edit", { file_path: path, old_string: lines(from), new_string: lines(to) }, "absolute", "write_file"],
    ["replace", { file_path: path, instruction: "Replace text", old_string: lines(from), new_string: lines(to) }],
  ],
  read: (path) => [
    ["Read", { file_path: path }],
    ["read", { filePath: path }],
    ["read_file", { file_path: path }, "absolute"],
    ["view", { path }, "absolute"],
    ["exec_command", { cmd: `cat ${path}` }],
  ],
  todo: (csv) => [
    ["TodoWrite", { todos: todos(csv).map((t) => ({ content: t.title, status: t.status, activeForm: t.title })) }],
    ["todowrite", { todos: todos(csv).map((t, i) => ({ id: String(i + 1), content: t.title, status: t.status, priority: "medium" })) }],
    ["update_plan", { plan: todos(csv).map((t) => ({ step: t.title, status: t.status })) }],
    ["todo_write", { todos: todos(csv).map((t, i) => ({ id: String(i + 1), content: t.title, status: t.status })) }],
    ["write_todos", { todos: todos(csv).map((t) => ({ description: t.title, status: t.status })) }],
    ["TaskCreate", todos(csv).map((t) => ({ subject: t.title, description: t.title, activeForm: t.title }))],
  ],
  ask: (question, ...options) => [
    ["AskUserQuestion", { questions: [{ question, header: "Question", multiSelect: false, options: choices(options) }] }],
    ["request_user_input", { questions: [{ id: "q1", header: "Question", question, options: choices(options) }] }],
    ["question", { questions: [{ question, header: "Question", options: choices(options) }] }],
    ["ask_user_question", { questions: [{ question, header: "Question", multiSelect: false, options: choices(options) }] }],
    ["ask_user", { questions: [{ question, header: "Question", type: "choice", options: choices(options) }] }],
  ],
  plan: (text) => [
    ["ExitPlanMode", { plan: lines(text) }],
    ["exit_plan_mode", { plan_path: text, plan: lines(text) }],
    ["plan_exit", {}],
  ],
  agent: (prompt) => [
    ["Agent", { description: "A helper", prompt, subagent_type: "general-purpose" }],
    ["Task", { description: "A helper", prompt, subagent_type: "general-purpose" }],
    ["task", { description: "A helper", prompt, subagent_type: "general" }],
    ["multi_agent_v1.spawn_agent", { message: prompt }],
  ],
};

const contextOf = (req) => [req.system, ...req.messages.map((m) => textOf(m.parts))].join("\n");

const inJavaScript = ([name, args, form]) => [
  "exec",
  { input: `const r = await tools.${name}(${JSON.stringify(form === "custom" ? args.input : args)})\ntext(r?.output ?? r)` },
  "custom",
];

/** The agent's folder, as its own words to the model name it: for tools that take no other paths than absolute ones. */
const FOLDER = /(?:working directory|working in the directory|\bcwd\b)[^/\n]{0,20}(\/[^\s`'"<>,]+)/i;

function withAbsolutePath([name, args, form], req) {
  if (form !== "absolute") return [name, args, form];
  const folder = FOLDER.exec(contextOf(req))?.[1]?.replace(/[.]$/, "");
  const key = "path" in args ? "path" : "file_path";
  return [name, folder && !args[key].startsWith("/") ? { ...args, [key]: `${folder}/${args[key]}` } : args];
}

/** Steps for one neutral tool: the first candidate on offer, or a look-up of a tool that is offered on demand. */
export function toolSteps(kind, args, req) {
  const candidates = TOOLS[kind](...args).map((one) => [...withAbsolutePath(one, req).concat(undefined).slice(0, 3), one[3]]);
  const found =
    candidates.find(([name, , , beside]) => req.tools.includes(name) && (beside === undefined || req.tools.includes(beside))) ??
    candidates.filter(([name]) => req.tools.includes(`exec:${name}`)).map(inJavaScript)[0];
  if (found) {
    const [name, input, form] = found;
    return (Array.isArray(input) ? input : [input]).map((one) => ({ tool: name, args: one, form }));
  }
  const search = ["ToolSearch", "tool_search"].find((name) => req.tools.includes(name));
  const later = search && candidates.find(([name]) => new RegExp(`^(- )?${name}\\b`, "m").test(contextOf(req)));
  if (later) return [{ tool: search, args: { query: `select:${later[0]}`, max_results: 5 } }];
  return [{ text: `(no tool for "${kind}" on offer: ${req.tools.join(", ") || "none"})` }];
}

/** Leaving plan mode. Newer Claude Code wants the plan in a file that it names, before ExitPlanMode. */
export function planSteps(text, req) {
  const exit = toolSteps("plan", [text], req);
  const file = contextOf(req)
    .match(/\/\S+\/\.claude\/plans\/\S+\.md/g)
    ?.at(-1);
  return file ? [...toolSteps("write", [file, text], req), { next: true }, ...exit] : exit;
}
