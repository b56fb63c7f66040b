/**
 * Imports code that comes later, in place of the bundler's own helper. Many browsers remember a module that could not be fetched (a preload of
 * one, too) as missing for as long as the page lives (Chromium 150, Firefox, Safari). So nothing is preloaded as a module, what an import needs
 * besides is only fetched ahead, and an import that failed is tried again once all its files are here: by its name, and where the browser
 * remembers that as missing, by another.
 */
import { ignore, note } from "./ignore.ts";

/** Files of this build that are on the device, or on their way, by their address. */
const here = new Map<string, Promise<void>>();
/** Files whose import failed, and how many names were tried since. */
const failed = new Map<string, number>();

async function fetchWhole(href: string): Promise<void> {
  const response = await fetch(href);
  if (!response.ok) throw new Error(`${href} answered ${response.status}`);
  await response.arrayBuffer();
}

function once(file: string): Promise<void> {
  const href = new URL(`/${file}`, window.location.href).href;
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

/** @param files of this build, from the root of the site: the module's own first, then those of what it imports */
export async function fetchedImport<Module>(run: () => Promise<Module>, [own, ...others]: readonly string[] = []): Promise<Module> {
  if (own === undefined) return run();
  if (here.size === 0) startedWith();
  if (failed.has(own)) return again(run, own, others);
  // Beside the module itself, which asks for them when it is read: by then they are on their way.
  for (const file of others) ignore(once(file), "the module asks for it itself");
  try {
    return await run();
  } catch (cause) {
    failed.set(own, 0);
    throw cause;
  }
}

async function again<Module>(run: () => Promise<Module>, own: string, others: readonly string[]): Promise<Module> {
  await Promise.all([own, ...others].map(once));
  try {
    return await run();
  } catch (cause) {
    note("a part of the app is asked for by another name", cause);
    const tries = (failed.get(own) ?? 0) + 1;
    failed.set(own, tries);
    return (await import(/* @vite-ignore */ `/${own}?again=${tries}`)) as Module;
  }
}
