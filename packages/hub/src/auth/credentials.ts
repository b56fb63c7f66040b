/**
 * Who may come in, with what, for how long. What is asked at every request is answered from memory; every change is on the disk before it counts,
 * but for a revocation, which counts at once. One thing at a time is changed.
 */
import { randomToken, type Clock } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { ROLE_SCOPES, SCOPES, type Role, type Scope } from "@hapi/protocol/scopes";
import { credentialToken, digestOf, isSameDigest, parseAccessToken, parseCredentialToken } from "./access-token.ts";
import type { Actor } from "./actor.ts";
import { checkAlive, defaultNamespace, LEGACY, newCredential, type NewCredential, sharedToken } from "./credential.ts";
import { rotated } from "./rotation.ts";
import type { Credential, CredentialStore } from "./store.ts";
import { createWatchers, type Watchers } from "./watchers.ts";

/** How exactly its last use is known: a row is not written for each request. */
const usedEveryMs = 60_000;
/** From another address: that may be somebody else, but two may also use it in turn. */
const usedElsewhereEveryMs = 10_000;
/** More come with a script only. */
const maxLiving = 1_000;
const maxLegacyNamespaces = 1_000;

/** `token` is nowhere else: who loses it needs a new one. */
export interface Issued {
  credential: Credential;
  token: string;
}

export interface CredentialsOptions {
  store: CredentialStore;
  /** What was written survives a loss of power. */
  durable(): Promise<void>;
  /** The hub's shared token. */
  secret: string;
  /** Nobody but this computer's own programs gets here. */
  isLocked?(): boolean;
  clock: Clock;
}

interface Held {
  credential: Credential;
  actor: Actor;
}

export class Credentials {
  readonly #options: CredentialsOptions;
  readonly #legacyHash: string;
  readonly #held = new Map<string, Held>();
  readonly #legacyActors = new Map<string, Actor>();
  readonly #watchers: Watchers;
  /** Revoked, and not on the disk yet: there, they are good still. */
  readonly #unwritten = new Set<string>();
  #changing: Promise<unknown> = Promise.resolve();

  constructor(options: CredentialsOptions) {
    this.#options = options;
    this.#watchers = createWatchers(options.clock);
    this.#legacyHash = digestOf(options.secret);
    this.#keep(sharedToken);
  }

  /** Before anybody is let in. */
  async start(): Promise<void> {
    for (const credential of await this.#options.store.all()) this.#keep(credential);
  }

  /** Of a token that is sent as it is: the shared one, or one that is not renewed. Null: nobody's. @throws what `actorOf` throws */
  byToken(text: string): Actor | null {
    const parsed = parseAccessToken(text);
    if (!parsed) return null;
    const own = this.#bySecret(parsed.base);
    if (own === null) return this.#byShared(parsed.base, parsed.namespace ?? defaultNamespace);
    const { id, kind, namespace } = own.credential;
    // A device's secret is for being renewed: taken here, a second holder of it would never show.
    if (kind === "device" || !isSameDigest(own.digest, own.credential.secretHash)) return null;
    return parsed.namespace === null || parsed.namespace === namespace ? this.actorOf(id, namespace) : null;
  }

  /** Whether it is a secret that is renewed, good or not. */
  isDevice(text: string): boolean {
    return this.#bySecret(text.trim())?.credential.kind === "device";
  }

  /** @throws `invalid_token`, `credential_revoked`, `credential_expired`, `legacy_access_off` */
  actorOf(id: string, namespace: string): Actor {
    const held = this.#held.get(id);
    if (!held || (id !== LEGACY && held.credential.namespace !== namespace)) throw new AppError("invalid_token");
    if (this.#isOwnersKey(id) && namespace === defaultNamespace) return { ...held.actor, scopes: new Set(SCOPES) };
    checkAlive(held.credential, this.#options.clock.now());
    return id === LEGACY ? this.#legacyActor(held, namespace) : held.actor;
  }

  isGood({ revokedAt, expiresAt }: Credential): boolean {
    return revokedAt === null && (expiresAt === null || expiresAt > this.#options.clock.now());
  }

  get(id: string): Credential | null {
    return this.#held.get(id)?.credential ?? null;
  }

  list(): Credential[] {
    return [...this.#held.values()].map(({ credential }) => credential);
  }

  /** @throws `code_refused` where who invited it may not do so any more */
  issue(wanted: NewCredential): Promise<Issued> {
    return this.#change(async () => {
      const { by } = wanted;
      if (by !== undefined && !this.#mayInvite(by)) throw new AppError("code_refused");
      const { clock } = this.#options;
      if (this.#held.size >= maxLiving) this.#forgetEnded();
      if (this.#held.size >= maxLiving) throw new AppError("rate_limited", "There are too many sign-ins. Revoke some: hapi auth devices");
      const secret = randomToken(32);
      const credential = newCredential(wanted, { id: randomToken(12), secretHash: digestOf(secret), now: clock.now() });
      await this.#save(credential);
      // Whoever took the other's away meanwhile did not see this one yet.
      if (by !== undefined && !this.#mayInvite(by)) {
        await this.#revoke(credential.id);
        throw new AppError("code_refused");
      }
      return { credential, token: credentialToken(credential.id, secret) };
    });
  }

  /**
   * Another secret for the one that is given; that one goes on being good until the new one is used, since its answer may be lost on the way.
   * @throws `invalid_token`, `credential_revoked` (also where a secret comes that was replaced: somebody else has it), `credential_expired`
   */
  refresh(token: string): Promise<Issued> {
    return this.#change(async () => {
      const own = this.#bySecret(token.trim());
      if (own?.credential.kind !== "device") throw new AppError("invalid_token");
      const { credential, digest } = own;
      checkAlive(credential, this.#options.clock.now());
      const secret = randomToken(32);
      const next = rotated(credential, digest, digestOf(secret));
      if (next === "unknown") throw new AppError("invalid_token");
      if (next === "spent") {
        await this.#revoke(credential.id);
        throw new AppError("credential_revoked", reusedWords);
      }
      await this.#save(next);
      return { credential: next, token: credentialToken(next.id, secret) };
    });
  }

  /**
   * Its requests are refused and its streams and sockets closed before this returns; where the disk refuses it, that is thrown, and it can be said
   * again. False: there is none, or it was revoked before.
   */
  revoke(id: string): Promise<boolean> {
    const held = this.#held.get(id);
    if (!held || (held.credential.revokedAt !== null && !this.#unwritten.has(id))) return Promise.resolve(false);
    this.#endNow(held.credential);
    return this.#change(async () => {
      if (!this.#unwritten.has(id)) return false;
      await this.#revoke(id);
      return true;
    });
  }

  /** What came in by it while it was more than it is now comes again. */
  recheck(id: string): void {
    const credential = this.get(id);
    if (credential && (credential.role !== null || !this.isGood(credential))) this.#watchers.end(id);
  }

  /** Another role, and for the shared token: takes it again. What is open is closed, to come back with what it may now. */
  allow(id: string, role: Role | null): Promise<Credential> {
    return this.#change(async () => {
      const held = this.#held.get(id);
      if (!held) throw new AppError("not_found", "There is no such sign-in");
      const isShared = id === LEGACY;
      if (held.credential.revokedAt !== null && !isShared) throw new AppError("credential_revoked");
      const scopes = role === null ? SCOPES : ROLE_SCOPES[role];
      const changed = { ...held.credential, role, scopes, ...(isShared ? { revokedAt: null } : {}) };
      await this.#save(changed, { isAnew: isShared });
      if (isShared) this.#unwritten.delete(id);
      this.#watchers.end(id);
      return changed;
    });
  }

  /** Another name, for people; what is open stays. */
  rename(id: string, name: string): Promise<Credential> {
    return this.#change(async () => {
      const held = this.#held.get(id);
      if (!held || id === LEGACY) throw new AppError("not_found", "There is no such sign-in");
      const renamed = { ...held.credential, name };
      await this.#save(renamed);
      return renamed;
    });
  }

  /** Kept roughly: who, when, from where. */
  async used({ credentialId }: Actor, from: string): Promise<void> {
    const now = this.#options.clock.now();
    const isRecent = (): boolean => {
      const { lastUsedAt = null, lastUsedFrom = null } = this.#held.get(credentialId)?.credential ?? {};
      const everyMs = lastUsedFrom === from || credentialId === LEGACY ? usedEveryMs : usedElsewhereEveryMs;
      return lastUsedAt !== null && Math.abs(now - lastUsedAt) < everyMs;
    };
    if (isRecent()) return;
    await this.#change(async () => {
      const held = this.#held.get(credentialId);
      if (!held || isRecent()) return;
      const used = { ...held.credential, lastUsedAt: now, lastUsedFrom: from };
      this.#keep(used);
      await this.#options.store.put(used);
    });
  }

  /** `end` is called when the credential is revoked, changed or over, also where that is so already. @returns to be called when what it is for is over */
  whileGood({ credentialId }: Actor, end: () => void): () => void {
    const credential = this.#held.get(credentialId)?.credential;
    if (credential?.revokedAt !== null) queueMicrotask(end);
    return this.#watchers.add(credentialId, credential?.expiresAt ?? null, end);
  }

  #bySecret(base: string): { credential: Credential; digest: string } | null {
    const parsed = parseCredentialToken(base);
    const held = parsed && parsed.id !== LEGACY ? this.#held.get(parsed.id) : undefined;
    return parsed && held ? { credential: held.credential, digest: digestOf(parsed.secret) } : null;
  }

  /** While everything is locked the shared token opens the hub on its own computer, whatever was taken from it: somebody has to unlock it. */
  #isOwnersKey(id: string): boolean {
    return id === LEGACY && this.#options.isLocked?.() === true;
  }

  #mayInvite(id: string): boolean {
    if (this.#isOwnersKey(id)) return true;
    const held = this.#held.get(id);
    return held !== undefined && this.isGood(held.credential) && held.actor.scopes.has("admin");
  }

  #byShared(base: string, namespace: string): Actor | null {
    return isSameDigest(digestOf(base), this.#legacyHash) ? this.actorOf(LEGACY, namespace) : null;
  }

  #legacyActor({ actor }: Held, namespace: string): Actor {
    const known = this.#legacyActors.get(namespace);
    if (known) return known;
    if (this.#legacyActors.size >= maxLegacyNamespaces) this.#legacyActors.clear();
    const made = { ...actor, namespace };
    this.#legacyActors.set(namespace, made);
    return made;
  }

  #change<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#changing.then(work);
    this.#changing = mine.catch(() => undefined);
    return mine;
  }

  async #revoke(id: string): Promise<void> {
    const credential = this.#held.get(id)?.credential;
    if (!credential) return;
    await this.#save(this.#endNow(credential));
    this.#unwritten.delete(id);
  }

  #endNow(credential: Credential): Credential {
    const revoked = { ...credential, revokedAt: credential.revokedAt ?? this.#options.clock.now() };
    this.#unwritten.add(revoked.id);
    this.#keep(revoked);
    this.#watchers.end(revoked.id);
    return revoked;
  }

  /** `isAnew`: it counts again, although it was revoked. */
  async #save(credential: Credential, { isAnew = false } = {}): Promise<void> {
    await this.#options.store.put(credential);
    await this.#options.durable();
    // Revoked meanwhile: what was on its way to the disk brings it back not even for a moment.
    const since = isAnew ? undefined : this.#held.get(credential.id)?.credential.revokedAt;
    this.#keep({ ...credential, revokedAt: credential.revokedAt ?? since ?? null });
  }

  #keep(credential: Credential): void {
    const { id, kind, name, namespace, role, machineId, provedAt } = credential;
    // A role is what it means today.
    const all = id === LEGACY ? SCOPES : credential.scopes;
    const scopes: ReadonlySet<Scope> = new Set(role === null ? all : ROLE_SCOPES[role]);
    const bound = machineId === null ? {} : { machineId };
    this.#held.set(id, { credential, actor: { credentialId: id, kind, name, namespace, scopes, provedAt, ...bound } });
    if (id === LEGACY) this.#legacyActors.clear();
  }

  /** Those that can never be used again need no place in memory; on the disk they stay, so that they are known for what they are. */
  #forgetEnded(): void {
    for (const [id, { credential }] of this.#held) {
      if (!this.isGood(credential) && id !== LEGACY && !this.#unwritten.has(id)) this.#held.delete(id);
    }
  }
}

const reusedWords = "This sign-in was used from two places, so somebody else may have it. It was revoked; sign in again";
