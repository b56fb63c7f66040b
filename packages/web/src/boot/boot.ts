/**
 * The first code that runs on the page, before anything is fetched or painted. Takes a token and a hub out of the address bar (QR link)
 * and sets the theme. Imports types only: it is a classic script of its own.
 */
import type { LinkCredentials } from "../sync/credentials.ts";

declare global {
  interface Window {
    hapiLink?: LinkCredentials;
    __zod_globalConfig?: { jitless?: boolean };
  }
}

// zod would try `new Function`, which the hub's CSP forbids and reports.
window.__zod_globalConfig = { jitless: true };

{
  const url = new URL(window.location.href);
  // Behind the # it stands in no request and no log; links of other HAPI programs have it in the query.
  const fragment = new URLSearchParams(/^#(?:token|hub)=/.test(url.hash) ? url.hash.slice(1) : "");
  const token = fragment.get("token") ?? url.searchParams.get("token");
  const hub = fragment.get("hub") ?? url.searchParams.get("hub");
  if (token !== null || hub !== null) {
    url.searchParams.delete("token");
    url.searchParams.delete("hub");
    if (fragment.size > 0) url.hash = "";
    window.history.replaceState(null, "", url);
    window.hapiLink = { ...(token === null ? {} : { token }), ...(hub === null ? {} : { hub }) };
  }
  const theme = window.localStorage.getItem("hapi_theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
}

// A file that is dropped where nothing takes it, or before its taker is there, does not open in the app's place.
for (const type of ["dragover", "drop"] as const) {
  window.addEventListener(type, (event) => {
    if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  });
}
