/** The development page: `?scene=<name>` shows one state of the chat, no scene shows the components. `?theme=dark`, `?locale=zh`. Never built. */
import { createRoot } from "react-dom/client";
import { LOCALES, setLocale } from "../i18n/index.ts";
import "../ui/theme.css";
import { Toaster } from "../ui/toaster.tsx";
import { Components } from "../features/chat/gallery/components.tsx";
import { Scene } from "../features/chat/gallery/scenes.tsx";

const query = new URLSearchParams(location.search);
const theme = query.get("theme");
if (theme) document.documentElement.dataset["theme"] = theme;
const locale = LOCALES.find((known) => known === query.get("locale"));
if (locale) await setLocale(locale);
const scene = query.get("scene");
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    scene ? (
      <>
        <Scene name={scene} />
        <Toaster />
      </>
    ) : (
      <Components />
    ),
  );
}
