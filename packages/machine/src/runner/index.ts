export { askRunner } from "./control-socket.ts";
export { endSession, findLivingSessions, type LivingSession } from "./living-sessions.ts";
export { runnerEnv } from "./runner-env.ts";
export { runRunner } from "./run-runner.ts";
export { runnerPaths, type Runner } from "./runner.ts";
export { readRunnerState, RESTART_EXIT_CODE } from "./state-file.ts";
