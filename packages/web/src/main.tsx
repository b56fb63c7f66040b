/** Start of the app: words, then who is signed in (from this device, without the network), then the first screen. */
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { router } from "./app/router.tsx";
import { watchBadge } from "./app/badge.ts";
import { watchUpdates } from "./app/updates.ts";
import { watchInstallOffer } from "./features/settings/install.ts";
import { preferredLocale, setLocale } from "./i18n/index.ts";
import { restoreSignIn } from "./sync/auth.ts";
import { useHub } from "./sync/store.ts";
import "./ui/theme.css";

async function start(): Promise<void> {
  watchInstallOffer();
  const locale = preferredLocale();
  if (locale !== "en") await setLocale(locale);
  await restoreSignIn();
  // signing out anywhere leads to the sign-in screen, and back from it
  useHub.subscribe((now, before) => {
    if (now.auth !== before.auth) void router.invalidate();
  });
  const container = document.getElementById("root");
  if (!container) throw new Error("the page has no #root");
  createRoot(container).render(
    <StrictMode>
      <RouterProvider router={router} />
    </StrictMode>,
  );
  watchBadge();
  watchUpdates();
}

void start();
