/**
 * The commands a person is offered, without their slash. Agents also list what only their own programs call, and mark it with two underscores
 * (Claude 2.1.329: `__remote-workflow`); whoever types such a name still gets it.
 */
export function offeredCommands(names: readonly string[]): string[] {
  return names.map((name) => name.replace(/^\//, "")).filter((name) => name !== "" && !name.startsWith("__"));
}
