/** Controls with a word about each, for `e2e/browser/tooltip.test.ts`. Never built into the app. */
import { createRoot } from "react-dom/client";
import { Button } from "../ui/button.tsx";
import { Tooltip } from "../ui/tooltip.tsx";

createRoot(document.querySelector("main") as HTMLElement).render(
  <>
    <h1>Words</h1>
    <Tooltip text="Ends the turn">
      <Button>Stop</Button>
    </Tooltip>
    <p id="own">It can take a while.</p>
    <Tooltip text="Begins anew">
      <Button aria-describedby="own">Restart</Button>
    </Tooltip>
  </>,
);
