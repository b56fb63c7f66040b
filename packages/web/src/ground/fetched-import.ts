/**
 * Imports code that comes later, in place of the bundler's own helper. Many browsers remember a module that could not be fetched (a preload of
 * one, too) as missing for as long as the page lives (Chromium 150, Firefox, Safari): so its files are fetched first, all at once, and imported
 * out of the browser's cache when all of them are here.
 */
const here = new Map<string, Promise<void>>();

async function fetchWhole(href: string): Promise<void> {
  const response = await fetch(href);
  if (!response.ok) throw new Error(`${href} answered ${response.status}`);
  await response.arrayBuffer();
}

function once(href: string): Promise<void> {
  const known = here.get(href);
  if (known) return known;
  const coming = fetchWhole(href).catch((cause: unknown) => {
    here.delete(href);
    throw cause;
  });
  here.set(href, coming);
  return coming;
}

/** What came with the page itself. */
function startedWith(): void {
  for (const { href } of document.querySelectorAll<HTMLLinkElement>("link[rel=modulepreload]")) here.set(href, Promise.resolve());
  for (const { src } of document.querySelectorAll<HTMLScriptElement>("script[type=module]")) here.set(src, Promise.resolve());
}

/** @param files of this build that the module and what it imports are in, from the root of the site */
export async function fetchedImport<Module>(run: () => Promise<Module>, files: readonly string[] = []): Promise<Module> {
  if (here.size === 0) startedWith();
  await Promise.all(files.map((file) => once(new URL(`/${file}`, window.location.href).href)));
  return run();
}
