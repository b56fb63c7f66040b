/**
 * Permission mode, model and the settings some agents have: checked against what the agent can do, applied by the session when it is
 * there, remembered in any case and passed to the agent at its next start.
 */
import { capability, AppError, effortField, normalizePermissionMode, permissionModesOf, type Session } from "@hapi/protocol";
import { RpcRefusal } from "../rpc/answer.ts";
import type { Rpc } from "../rpc/rpc.ts";
import { isUp, type Starting } from "./access.ts";
import { withChoice } from "./chosen.ts";
import type { SessionChange, SessionStore } from "./store.ts";

export interface SettingsDeps {
  store: SessionStore;
  rpc: Rpc;
  starting: Starting;
  durable(): Promise<void>;
}

export class SessionSettings {
  readonly #deps: SettingsDeps;

  constructor(deps: SettingsDeps) {
    this.#deps = deps;
  }

  checkMode(session: Session, mode: string): string {
    const flavor = session.metadata?.flavor;
    if (permissionModesOf(flavor).length === 0) throw new AppError("unsupported_flavor");
    const known = normalizePermissionMode(flavor, mode);
    if (known === null) throw new AppError("invalid_mode");
    return known;
  }

  async setPermissionMode(session: Session, mode: string): Promise<void> {
    const permissionMode = this.checkMode(session, mode);
    await this.#apply(session, "permissionMode", permissionMode, { permissionMode });
  }

  async setModel(session: Session, model: string | { provider: string; modelId: string } | null): Promise<void> {
    if (capability(session.metadata, "setModel") === false) throw new AppError("unsupported_flavor");
    const value = model === "default" ? null : model;
    const stored = value !== null && typeof value === "object" ? `${value.provider}/${value.modelId}` : value;
    await this.#apply(session, "model", value, { model: stored });
  }

  /** Kept in the metadata, which the session reads whenever it registers; a living one hears it at once. */
  async setAutoRetry(session: Session, enabled: boolean): Promise<void> {
    if (capability(session.metadata, "autoRetry") !== true) throw new AppError("unsupported_flavor");
    if (await this.#isThere(session)) await this.#applyLive(session, "autoRetry", enabled);
    await this.#deps.store.updateMetadata(session.id, null, (metadata) => metadata && { ...metadata, autoRetry: enabled });
    await this.#deps.durable();
  }

  /** By either of the two names that it has on the wire. */
  async setEffort(session: Session, effort: string | null): Promise<void> {
    if (capability(session.metadata, "setEffort") === false) throw new AppError("unsupported_flavor");
    const field = effortField(session.metadata?.flavor);
    await this.#apply(session, field, effort, { [field]: effort });
  }

  async setOther(session: Session, field: string, value: string | null): Promise<void> {
    const change: SessionChange = {};
    if (field === "serviceTier") change.serviceTier = value;
    if (Object.keys(change).length === 0 && !session.active) throw new AppError("session_inactive");
    await this.#apply(session, field, value, change);
  }

  async #apply(session: Session, field: string, value: unknown, change: SessionChange): Promise<void> {
    if (await this.#isThere(session)) await this.#applyLive(session, field, value);
    if (Object.keys(change).length > 0) await this.#deps.store.change(session.id, change);
    const { permissionMode, model } = change;
    const effort = change[effortField(session.metadata?.flavor)];
    const isChoice = typeof permissionMode === "string" || model !== undefined || effort !== undefined;
    if (isChoice)
      await this.#deps.store.updateMetadata(session.id, null, (now) =>
        withChoice(now, { permissionMode: permissionMode ?? undefined, model, effort }),
      );
    await this.#deps.durable();
  }

  /** What is only written down while it starts would be undone by its first word: that says what it was started with. */
  async #isThere(session: Session): Promise<boolean> {
    const { starting } = this.#deps;
    if (await isUp(session, starting)) return true;
    const now = await this.#deps.store.get(session.id);
    if (now && starting.isStarting(now)) throw new AppError("apply_failed", "The session is still starting. Try again in a moment.");
    return false;
  }

  async #applyLive(session: Session, field: string, value: unknown): Promise<void> {
    const { applied } = await this.#deps.rpc
      .session(session.id)
      .setSessionConfig({ [field]: value })
      .catch((cause: unknown) => {
        if (cause instanceof RpcRefusal) throw cause;
        throw new AppError("apply_failed", cause instanceof AppError ? cause.message : undefined, { cause });
      });
    if (!(field in applied)) throw new AppError("apply_failed");
  }
}
