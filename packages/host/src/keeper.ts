/**
 * Who ends the agents when the host is killed: a shell beside it that waits for the end of a pipe, and costs next to nothing meanwhile. The host
 * tells it the agents' pids as they change. When the pipe ends without a last word it stops them, so that none goes on unattended for a moment,
 * and starts `__host --end-left`, which knows how to find everything they started; where that can't be started (HAPI was removed
 * meanwhile) or ended nobody (the host's family file is gone), it ends their process groups itself: nobody stays stopped. A keeper that is killed is replaced.
 */
import { spawnHeir, type Clock, type Heir, type ProcessId } from "@hapi/platform/lean";

const firstPauseMs = 100;
const longestPauseMs = 10_000;
const healthyMs = 10_000;

/** How `__host --end-left` ends when its host lives after all: then nothing was done. */
export const hostLivesExit = 3;
/** How it ends when it could end nobody, or not everybody: the family file may be gone or damaged, and the keeper's own list has to do. */
export const someLeftExit = 4;

/**
 * POSIX sh. A line is the whole list, `pid:start …`, or `end`. A number that means another process by now (its start in /proc is another) is left
 * alone; without /proc the number must do, for the moment between the host's end and this.
 */
const script = `
trap '' HUP INT QUIT TERM
agents=
while IFS= read -r line; do
  case $line in end) exit 0 ;; *) agents=$line ;; esac
done
is() {
  [ -r /proc/self/stat ] || return 0
  { IFS= read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  set -- "$2" \${stat##*) }
  [ "$1" = "\${21}" ]
}
each() {
  for one in $agents; do
    if is "\${one%%:*}" "\${one#*:}"; then kill -s "$1" -- "$2\${one%%:*}" 2>/dev/null; fi
  done
}
each STOP ""
"$@"
case $? in
  0) ;;
  ${hostLivesExit}) each CONT "" ;;
  *) each KILL - ;; # ${someLeftExit}, or it could not be started
esac
`;

export interface KeeperOptions {
  /** argv of what ends everything that is left. */
  endLeft: readonly string[];
  logFile: string;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
}

export class Keeper {
  readonly #options: KeeperOptions;
  #heir: Heir | null = null;
  #list = "";
  #pauseMs = firstPauseMs;
  #isOver = false;
  #cancel: (() => void) | null = null;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  get pid(): number | null {
    return this.#heir?.pid ?? null;
  }

  start(): void {
    if (this.#isOver) return;
    const { endLeft, logFile, env, clock } = this.#options;
    const startedAt = clock.now();
    let heir: Heir;
    try {
      heir = spawnHeir(["/bin/sh", "-c", script, "hapi-keeper", ...endLeft], { cwd: "/", env, logFile });
    } catch {
      // No room for one more process; there may be soon.
      return this.#startAgain();
    }
    this.#heir = heir;
    if (this.#list !== "") heir.tell(this.#list);
    void heir.exited.then(() => {
      if (this.#heir !== heir) return;
      this.#heir = null;
      if (clock.now() - startedAt >= healthyMs) this.#pauseMs = firstPauseMs;
      this.#startAgain();
    });
  }

  /** The agents that run now. */
  told(agents: readonly ProcessId[]): void {
    this.#list = agents.map(({ pid, startTime }) => `${pid}:${(startTime ?? "").replaceAll(" ", "_")}`).join(" ");
    this.#heir?.tell(this.#list);
  }

  /** The host ends in good order. */
  dismiss(): void {
    this.#isOver = true;
    this.#cancel?.();
    this.#heir?.tell("end");
  }

  #startAgain(): void {
    if (this.#isOver) return;
    this.#cancel = this.#options.clock.setTimer(this.#pauseMs, () => this.start());
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
  }
}
