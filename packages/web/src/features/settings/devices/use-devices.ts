/** The list, read when the page opens, when it is looked at again, and after each change. What was read stays when reading it anew fails. */
import { credentialCalls } from "@hapi/client/credentials";
import { type AppError, toAppError } from "@hapi/protocol";
import type { CredentialView, SignInNotice } from "@hapi/protocol/credentials";
import { useCallback, useEffect, useState } from "react";
import { ignore } from "../../../ground/ignore.ts";
import { hubLink } from "../../../sync/link.ts";

export const devicesApi = () => credentialCalls(hubLink().api);

export interface Devices {
  /** Of a hub that tells none, or where they can't be had: none. */
  notices: readonly SignInNotice[];
  /** Null: not read yet. */
  credentials: readonly CredentialView[] | null;
  /** Of the last reading. */
  error: AppError | null;
  reload: () => void;
}

export function useDevices(): Devices {
  const [credentials, setCredentials] = useState<readonly CredentialView[] | null>(null);
  const [notices, setNotices] = useState<readonly SignInNotice[]>([]);
  const [error, setError] = useState<AppError | null>(null);
  const [asked, setAsked] = useState(0);
  const reload = useCallback(() => setAsked((before) => before + 1), []);
  useEffect(() => {
    const leaving = new AbortController();
    devicesApi()
      .list(leaving.signal)
      .then(
        (read) => {
          if (leaving.signal.aborted) return;
          setCredentials(read);
          setError(null);
        },
        (cause: unknown) => !leaving.signal.aborted && setError(toAppError(cause)),
      );
    const read = devicesApi().notices(leaving.signal);
    ignore(
      read.then((list) => !leaving.signal.aborted && setNotices(list)),
      "the list of who may come in says what is wrong",
    );
    return () => leaving.abort();
  }, [asked]);
  useEffect(() => {
    const look = (): void => {
      if (document.visibilityState === "visible") reload();
    };
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [reload]);
  return { credentials, notices, error, reload };
}
