/** On the sign-in: one tap and what unlocks the device. It becomes a device of its own, as with a code. */
import "../../i18n/passkeys.ts";
import { createHttp } from "@hapi/client";
import { passkeySignInOptions, signInWithPasskey } from "@hapi/client/passkeys";
import { useState } from "react";
import { errorText } from "../../i18n/error-words.ts";
import { useT } from "../../i18n/index.ts";
import { credentials, signIn } from "../../sync/auth.ts";
import { Button } from "../../ui/button.tsx";
import { canUsePasskeys, usePasskey as askForPasskey } from "./authenticator.ts";

/** False: none was chosen. */
async function signInByPasskey(): Promise<boolean> {
  const http = createHttp({ baseUrl: credentials.baseUrl() });
  const asked = await askForPasskey(await passkeySignInOptions(http));
  if (asked.kind !== "answered") return false;
  const outcome = await signIn(await signInWithPasskey(http, asked.response));
  if (outcome.kind === "failed") throw outcome.error;
  return true;
}

export function PasskeySignIn() {
  const t = useT();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  if (!canUsePasskeys()) return null;
  const start = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      if (!(await signInByPasskey())) setProblem(t("passkeys.none"));
    } catch (cause) {
      setProblem(errorText(cause, t));
    }
    setBusy(false);
  };
  return (
    <div className="flex flex-col gap-2 border-t border-line pt-4">
      <Button icon="lock" busy={busy} onClick={() => void start()}>
        {t("passkeys.signIn")}
      </Button>
      {problem && (
        <p role="alert" className="text-small text-failed">
          {problem}
        </p>
      )}
    </div>
  );
}
