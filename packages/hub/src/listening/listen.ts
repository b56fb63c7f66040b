/** Opens the doors of a plan. A certificate whose files change is shown from then on; connections that stand go on as they were. */
import { every, serveHttp, type Clock, type HttpServer, type Logger } from "@hapi/platform";
import { AppError, MAX_BODY_BYTES } from "@hapi/protocol";
import { type Certificate, type CertificateFiles, readCertificate, stampOf } from "./certificate.ts";
import type { Plan } from "./plan.ts";

const lookEveryMs = 10_000;
const renewEveryMs = 3_600_000;
/** For a connection to say what it wants, however many bytes it sends meanwhile; an answer has its own time (`entrance.ts`). */
const idleTimeoutSeconds = 30;

export interface ListenOptions {
  plan: Plan;
  certificate: Certificate | null;
  /** Where it was read from, and is read again. */
  files: CertificateFiles | null;
  /** Of one that the hub made: makes the files anew when it ends soon. */
  renew: (() => Promise<unknown>) | null;
  /** Another certificate is shown from now on. */
  onShown(fingerprint: string): void;
  fetch(request: Request, server: HttpServer<never>, door: Door): Response | Promise<Response>;
  websocket: Bun.WebSocketHandler<never>;
  /** For tests, which can't wait so long. */
  idleTimeoutSeconds?: number | undefined;
  clock: Clock;
  log: Logger;
}

export interface Door {
  tls: boolean;
  proxiesOnly: boolean;
}

export interface Listening {
  /** Of this computer's own programs. */
  url: string;
  /** Of the front door. */
  port: number;
  /** The front door, where it is another one. */
  front: { url: string; fingerprint: string | null } | null;
  close(): Promise<void>;
}

/** Bun's own refusal has no body: what is above our limit is refused by us, before it is read. */
const maxRequestBodySize = 4 * MAX_BODY_BYTES;

const urlOf = (scheme: string, host: string, port: number): string => `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;

export function listen(options: ListenOptions): Listening {
  const { plan } = options;
  const front = openFront(options);
  try {
    const own = plan.own && openOwn(options, plan.own);
    const url = urlOf(plan.front.tls ? "https" : "http", plan.front.host, front.port);
    return {
      url: own ? urlOf("http", plan.own?.host ?? "", own.port ?? 0) : url,
      port: front.port,
      front: own ? { url, fingerprint: options.certificate?.fingerprint ?? null } : null,
      async close() {
        await Promise.all([front.close(), own?.stop(true)]);
      },
    };
  } catch (cause) {
    void front.close();
    throw cause;
  }
}

function open(options: ListenOptions, at: { host: string; port: number; tls: Certificate | null }, door: Door) {
  const { fetch, websocket } = options;
  return serveHttp<never>({
    hostname: at.host,
    port: at.port,
    idleTimeout: options.idleTimeoutSeconds ?? idleTimeoutSeconds,
    maxRequestBodySize,
    websocket,
    ...(at.tls ? { tls: { cert: at.tls.cert, key: at.tls.key } } : {}),
    fetch: (request, server) => fetch(request, server, door),
  });
}

function openOwn(options: ListenOptions, { host, ports }: { host: string; ports: readonly number[] }): HttpServer<never> {
  const [port = 0, ...others] = ports;
  try {
    return open(options, { host, port, tls: null }, { tls: false, proxiesOnly: false });
  } catch (cause) {
    // Whoever needs this door reads its port from the home.
    if (others.length > 0 && cause instanceof AppError && cause.code === "port_taken") return openOwn(options, { host, ports: others });
    throw cause;
  }
}

/** The runtime takes no other certificate for a server that listens: another server takes the place of the first, whose connections go on. */
function openFront(options: ListenOptions): { port: number; close(): Promise<void> } {
  const { plan, files, clock, log } = options;
  const door = { tls: plan.front.tls, proxiesOnly: plan.proxiesOnly };
  let shown = options.certificate;
  let server = open(options, { ...plan.front, tls: shown }, door);
  const port = server.port ?? plan.front.port;
  const earlier = new Set<HttpServer<never>>();
  let isDown = false;
  let tried = "";
  const show = (certificate: Certificate): void => {
    if (!isDown) {
      const old = server;
      earlier.add(old);
      void old.stop(false).finally(() => earlier.delete(old));
    }
    isDown = true;
    server = open(options, { ...plan.front, port, tls: certificate }, door);
    isDown = false;
    shown = certificate;
    log.info("tls.certificate_changed", { fingerprint: certificate.fingerprint });
    options.onShown(certificate.fingerprint);
  };
  const look = (): void => {
    if (files === null || shown === null) return;
    const stamp = stampOf(files);
    // What was wrong is said once, and tried again when somebody has changed it.
    if (!isDown && (stamp === shown.stamp || stamp === tried)) return;
    tried = stamp;
    try {
      show(readCertificate(files, clock.now()));
    } catch (reason) {
      log.error("tls.certificate_not_changed", { reason });
    }
  };
  const stopRenewing = keepRenewing(options);
  const stopLooking = files === null ? () => undefined : every(clock, lookEveryMs, look, { unref: true });
  return {
    port,
    async close() {
      stopRenewing();
      stopLooking();
      await Promise.all([server, ...earlier].map((one) => one.stop(true)));
    },
  };
}

/** What it writes is found like any change of the files. A hub may well run longer than its certificate. */
function keepRenewing({ renew, clock, log }: ListenOptions): () => void {
  if (renew === null) return () => undefined;
  const again = (): void => void renew().catch((reason: unknown) => log.error("tls.certificate_not_renewed", { reason }));
  return every(clock, renewEveryMs, again, { unref: true });
}
