/** What a driver can do with its agent. The hub, the web app and the CLI decide on this document, never on the agent's name. */

export interface AgentCapabilities {
  /** `switch`: terminal or remote, one at a time; `shared`: both at once; `remote`: no terminal front end. */
  control: "switch" | "shared" | "remote";
  permissionModes: readonly string[];
  /** Aliases or ids offered before the agent was asked for its own list. */
  models: readonly { id: string; name: string }[];
  setModel: boolean;
  setPermissionMode: boolean;
  interrupt: boolean;
  steer: boolean;
  images: boolean;
  todos: boolean;
  questions: boolean;
  plans: boolean;
  fork: boolean;
  resume: boolean;
  /** Requests that appear in the terminal can be answered remotely too. */
  answerWhileLocal: boolean;
  usage: "dollars" | "tokens" | "none";
}
