/** For work whose failure changes nothing, with the reason why. */
export function ignore(work: Promise<unknown>, why: string): void {
  work.catch((error: unknown) => {
    console.debug(why, error);
  });
}
