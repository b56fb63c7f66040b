/** As whom a request, a socket or a stream acts: the one thing that is asked before anything is done for it. */
import { AppError } from "@hapi/protocol";
import type { CredentialKind, Scope } from "@hapi/protocol/scopes";

export interface Actor {
  readonly credentialId: string;
  readonly kind: CredentialKind;
  readonly name: string;
  readonly namespace: string;
  readonly scopes: ReadonlySet<Scope>;
  /** It speaks for this machine and that machine's sessions, and sees no other. */
  readonly machineId?: string;
  /** When the person behind it last proved who they are, in ms; null for programs. */
  readonly provedAt: number | null;
}

/** @throws `scope_missing` */
export function allow({ scopes, name }: Actor, scope: Scope): void {
  if (!scopes.has(scope))
    throw new AppError(
      "scope_missing",
      `"${name}" may not do that: it has no ${scope}. Someone with the role admin can give it another role.`,
      {
        details: { scope },
      },
    );
}
