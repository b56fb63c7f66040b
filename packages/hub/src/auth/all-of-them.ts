/** What is asked of all who may come in together. */
import { defaultNamespace } from "./credential.ts";
import type { Credentials } from "./credentials.ts";

/** Whether somebody of the owner's could come in and say who else may, `besides` one. */
export function hasOwner(credentials: Pick<Credentials, "list" | "isGood">, besides?: string): boolean {
  return credentials
    .list()
    .some((one) => one.id !== besides && one.namespace === defaultNamespace && one.scopes.includes("admin") && credentials.isGood(one));
}

/** All browsers and phones that signed in until then. They are ended at once; where the disk refuses it, that is thrown. */
export async function revokeDevices(credentials: Pick<Credentials, "list" | "revoke">, until: number): Promise<number> {
  const devices = credentials.list().filter((one) => one.kind === "device" && one.createdAt <= until);
  return (await Promise.all(devices.map(({ id }) => credentials.revoke(id)))).filter(Boolean).length;
}
