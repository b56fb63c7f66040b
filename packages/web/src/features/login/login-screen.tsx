/** One field: the access token. Says precisely what was wrong, and never shows or sends the token anywhere else. */
import "../../i18n/screens.ts";
import { useState, type SyntheticEvent } from "react";
import { safeNext } from "../../ground/routing/safe-next.ts";
import type { ScreenProps } from "../../ui/lazy-screen.tsx";
import { navigate } from "../../ground/routing/location.ts";
import { useT } from "../../i18n/index.ts";
import { credentials, signIn, type SignInOutcome } from "../../sync/auth.ts";
import { useHub } from "../../sync/store.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { part } from "../../ui/part.tsx";
import { source } from "../../ground/source.ts";
import { loginMessage, signedOutMessage } from "./login.model.ts";

const PasskeySignIn = part(
  source(() => import("../passkeys/passkey-sign-in.tsx")),
  (module) => module.PasskeySignIn,
  { late: "quiet" },
);

export function LoginScreen({ search }: ScreenProps) {
  const next = safeNext(search.get("next"));
  const t = useT();
  const because = useHub((state) => state.signedOutBecause);
  const [token, setToken] = useState("");
  const [visible, setVisible] = useState(false);
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<SignInOutcome | { kind: "empty" } | null>(null);
  const [ownHub, setOwnHub] = useState(credentials.isOwnHub());

  const submit = async (event: SyntheticEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    if (token.trim() === "") return setOutcome({ kind: "empty" });
    setBusy(true);
    const result = await signIn(token);
    setBusy(false);
    setOutcome(result);
    if (result.kind === "signed-in") await navigate(next, { replace: true });
  };

  return (
    <main className="flex min-h-dvh items-center justify-center bg-sunken p-4">
      <form
        onSubmit={(event) => void submit(event)}
        className="flex w-full max-w-sm flex-col gap-4 rounded-card border border-line bg-raised p-6"
      >
        <header className="flex flex-col gap-1">
          <img src="/icons/icon.svg" alt="" width={40} height={40} className="mb-2" />
          <h1 className="text-title font-strong">{t("login.title")}</h1>
          {because && outcome === null && <p className="text-quiet">{signedOutMessage(because, t)}</p>}
          {!ownHub && (
            <p className="flex flex-wrap items-center gap-x-2 text-quiet">
              {t("login.hub", { host: new URL(credentials.baseUrl()).host })}
              <button
                type="button"
                className="target rounded-control text-accent"
                onClick={() => {
                  credentials.useOwnHub();
                  setOwnHub(true);
                }}
              >
                {t("login.hub.own")}
              </button>
            </p>
          )}
        </header>
        <Field
          label={t("login.token")}
          hint={t("login.token.hint")}
          error={outcome && outcome.kind !== "signed-in" ? loginMessage(outcome, t) : null}
          type={visible ? "text" : "password"}
          dir="ltr"
          value={token}
          autoFocus
          autoComplete="current-password"
          autoCapitalize="none"
          spellCheck={false}
          className="font-mono"
          onChange={(event) => {
            setToken(event.target.value);
            setOutcome(null);
          }}
        />
        <div className="flex items-center justify-between gap-2">
          <Button tone="quiet" className="-ms-3 text-quiet" aria-pressed={visible} onClick={() => setVisible(!visible)}>
            {visible ? t("login.hide") : t("login.show")}
          </Button>
          <Button type="submit" tone="primary" busy={busy} className="min-w-28">
            {t("login.submit")}
          </Button>
        </div>
        <PasskeySignIn />
      </form>
    </main>
  );
}
