/** Those of this namespace, read when the page opens and after each change. */
import { passkeyCalls } from "@hapi/client/passkeys";
import { type AppError, toAppError } from "@hapi/protocol";
import type { PasskeyView } from "@hapi/protocol/passkeys";
import { useCallback, useEffect, useState } from "react";
import { hubLink } from "../../sync/link.ts";

export const passkeysApi = () => passkeyCalls(hubLink().api);

export interface PasskeyList {
  /** Null: not read yet. */
  passkeys: readonly PasskeyView[] | null;
  error: AppError | null;
  reload: () => void;
}

export function usePasskeyList(): PasskeyList {
  const [passkeys, setPasskeys] = useState<readonly PasskeyView[] | null>(null);
  const [error, setError] = useState<AppError | null>(null);
  const [asked, setAsked] = useState(0);
  const reload = useCallback(() => setAsked((before) => before + 1), []);
  useEffect(() => {
    const leaving = new AbortController();
    passkeysApi()
      .list(leaving.signal)
      .then(
        (read) => {
          if (leaving.signal.aborted) return;
          setPasskeys(read);
          setError(null);
        },
        (cause: unknown) => !leaving.signal.aborted && setError(toAppError(cause)),
      );
    return () => leaving.abort();
  }, [asked]);
  return { passkeys, error, reload };
}
