/** Start of the app: words, then who is signed in (from this device, without the network), then the first screen. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App, loadScreen } from "./shell/routes.tsx";
import { loadShell } from "./shell/shell.tsx";
import { preload, startRouting } from "./ground/routing/location.ts";
import { note } from "./ground/ignore.ts";
import { watchSeen } from "./sync/seen.ts";
import { watchInstallOffer } from "./features/settings/install.ts";
import { preferredLocale, setLocale } from "./i18n/index.ts";
import { restoreSignIn } from "./sync/auth.ts";
import { source } from "./ground/source.ts";
import "./ui/theme.css";

const FIRST_PAINT_MS = 400;

async function start(): Promise<void> {
  watchInstallOffer();
  startRouting(loadScreen);
  preload(window.location.pathname);
  const locale = preferredLocale();
  // without its words the app speaks English
  if (locale !== "en") await setLocale(locale).catch((error: unknown) => note("this language could not be loaded", error));
  // the first screen waits for what is on this device, but not for long: a slow disk is no reason for an empty window
  const restored = restoreSignIn();
  await Promise.race([
    Promise.all([restored, loadShell(window.location.pathname)]),
    new Promise((resolve) => setTimeout(resolve, FIRST_PAINT_MS)),
  ]);
  const container = document.getElementById("root");
  if (!container) throw new Error("the page has no #root");
  createRoot(container).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
  watchSeen();
  // what nobody sees at first follows the first paint
  const rest = source(() => import("./shell/after-paint.ts"));
  rest.subscribe(() => rest.here()?.watchRest());
  rest.want();
}

void start();
