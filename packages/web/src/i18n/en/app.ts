/** Words of the shell: login, lists, inbox, machines, settings, connection. */
import { STATUS_WORDS } from "@hapi/core";

export const app = {
  "app.skip": "Skip to content",

  "nav.back": "Back",

  "status.waiting": STATUS_WORDS.waiting,
  "status.working": STATUS_WORDS.working,
  "status.starting": STATUS_WORDS.starting,
  "status.retrying": STATUS_WORDS.retrying,
  "status.limited": STATUS_WORDS.limited,
  "status.failed": STATUS_WORDS.failed,
  "status.unknown": STATUS_WORDS.unknown,
  "status.background": { other: STATUS_WORDS.background },
  "status.interrupted": STATUS_WORDS.interrupted,
  "status.done": STATUS_WORDS.done,
  "status.idle": STATUS_WORDS.idle,
  "status.parked": STATUS_WORDS.parked,
  "status.offline": STATUS_WORDS.offline,
  "status.ended": STATUS_WORDS.ended,
  "status.archived": STATUS_WORDS.archived,
  "status.lastHeard": "last heard",

  "list.untitled": "New session",
  "punctuation.colon": ": ",

  "session.open": "Open",
  "session.failed": "{what}: {reason}",

  "outbox.full": "This device has no room to keep the prompt. Free some space, then send again.",
  "outbox.broken": "This device could not store the prompt. Send again; if that fails too, copy the text and reload.",
  "steer.waits": "The agent does not take it into this turn. It waits for its turn.",

  "part.away": "This part comes when the hub can be reached again",
  "part.gone": "This part of the page is not there any more: HAPI was updated",
  "error.detail": "{words} ({detail})",
  "error.title": "This page has a problem",
  "error.body": "Your sessions go on. Reload to continue.",
  "error.reload": "Reload",
  "notFound.title": "There is nothing here",
  "notFound.body": "The session may have been deleted, or the link is incomplete.",
  "notFound.back": "Go to the sessions",
} as const;
