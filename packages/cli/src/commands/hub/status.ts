/** `hapi hub status`: does it run, how large is its database, what was restored and cleaned away. */
import { fileLock, hubStatus, type HubStatus } from "@hapi/hub";
import { hapiHome, systemClock } from "@hapi/platform";
import { isSet, type CommandContext, type ParsedWords } from "../../command.ts";
import { table } from "../../tui/terminal.ts";
import { ago, counted, sizeText } from "../../tui/words.ts";

export async function status(words: ParsedWords, { terminal, env }: CommandContext): Promise<number> {
  const home = hapiHome(env);
  const found = await hubStatus(home);
  const locked = fileLock(home).read();
  if (isSet(words, "json")) terminal.json({ home, hasDatabase: found !== null, ...(locked ? { locked } : {}), ...found });
  else if (!found) terminal.out(`There is no hub's database in ${home} yet. Start the hub with: hapi hub`);
  else terminal.out(table([...lockRows(locked), ...rows(found)], Number.POSITIVE_INFINITY));
  return found?.isRunning ? 0 : 3;
}

const lockRows = (locked: ReturnType<ReturnType<typeof fileLock>["read"]>): string[][] =>
  locked ? [["LOCKED", `by ${locked.by}: nothing is sent, started or answered; unlock it with: hapi unlock`]] : [];

function rows(found: HubStatus): string[][] {
  const { databaseBytes, walBytes, freePages, pageBytes, diskFreeBytes, restored, cleaned } = found;
  const now = systemClock.now();
  return [
    ["Hub", found.isRunning ? `running${found.url ? ` at ${found.url}` : ""}` : "not running; start it with: hapi hub"],
    [
      "Database",
      `${found.path}  ${sizeText(databaseBytes)}, write-ahead log ${sizeText(walBytes)}, free inside ${sizeText(freePages * pageBytes)}`,
    ],
    ["Holds", `${counted(found.sessions, "session")}, ${counted(found.messages, "message")}, ${counted(found.machines, "machine")}`],
    ["Disk", `${sizeText(diskFreeBytes)} free`],
    ["Deletes by itself", ruleText(found.retention)],
    ...(cleaned
      ? [["Deleted last", `${counted(cleaned.sessions, "session")}, ${ago(cleaned.at, now)}; ${cleaned.sessionsInAll} in all`]]
      : []),
    ...(isLarge(found) ? [["Large", "see docs/operations.md for what may be deleted, or raise databaseWarnMegabytes"]] : []),
    ...(restored
      ? [["Restored", `${ago(restored.at, now)}${restored.backupAt === null ? "" : `, as it was ${ago(restored.backupAt, now)}`}`]]
      : []),
  ];
}

export function isLarge({ databaseBytes, walBytes, retention }: HubStatus): boolean {
  return databaseBytes + walBytes >= retention.databaseWarnMegabytes * 1_000_000;
}

function ruleText({ deleteArchivedAfterDays: archived, deleteInactiveAfterDays: inactive }: HubStatus["retention"]): string {
  const rules = [
    ...(archived === null ? [] : [`archived sessions after ${archived} days`]),
    ...(inactive === null ? [] : [`inactive ones after ${inactive} days`]),
  ];
  return rules.length === 0 ? "nothing" : rules.join(", ");
}
