/** What goes wrong without changing anything for the person. The browser's console is the only log a page has, and this is its only door. */

/** Something worked less well than it should; someone who looks for the reason finds it. */
export function note(what: string, cause: unknown): void {
  // oxlint-disable-next-line no-console -- see the header
  console.warn(what, cause);
}

/** For work whose failure changes nothing, with the reason why. */
export function ignore(work: Promise<unknown>, why: string): void {
  work.catch((cause: unknown) => {
    // oxlint-disable-next-line no-console -- see the header
    console.debug(why, cause);
  });
}
