/**
 * Where a hub may listen, and for whom. Whoever reads along on plain HTTP has the hub's token, and with it everything: beyond this computer it is
 * TLS, or a proxy in front that has it. Programs of this computer always have a plain door of their own.
 */
import { isEverywhere } from "@hapi/platform";
import { AppError } from "@hapi/protocol";
import { isLoopbackAddress } from "@hapi/protocol/loopback";

export interface Reach {
  host: string;
  port: number;
  tls: boolean;
  /** There are proxies in front, who alone may come. */
  proxied: boolean;
  /** Plain HTTP for everybody, as somebody insists. */
  insecure: boolean;
}

export interface Plan {
  /** The door for others, or for all. */
  front: { host: string; port: number; tls: boolean };
  /** Of this computer's own programs, where the front is not theirs. `ports`: tried one after the other. */
  own: { host: string; ports: readonly number[] } | null;
  /** Over the plain front only proxies and this computer are served. */
  proxiesOnly: boolean;
}

const ownHost = "127.0.0.1";

/** @throws `tls_required` */
export function planListening({ host, port, tls, proxied, insecure }: Reach): Plan {
  const isHere = isThisComputer(host);
  if (!isHere && !tls && !proxied && !insecure) throw new AppError("tls_required", refusal(host));
  const proxiesOnly = !isHere && !tls && !insecure;
  const needsOwn = tls || (proxiesOnly && !isEverywhere(host));
  return {
    front: { host, port, tls },
    own: needsOwn ? { host: ownHost, ports: ownPorts(port, isHere || isEverywhere(host)) } : null,
    proxiesOnly,
  };
}

const ownPorts = (port: number, isTaken: boolean): number[] => (port === 0 ? [0] : [isTaken ? port + 1 : port, 0]);

const refusal = (host: string): string =>
  `On ${host} others could read the hub's token on its way. Give it --tls (a certificate that it makes itself), --tls-cert FILE --tls-key FILE (yours), or, behind a proxy with TLS, HAPI_TRUSTED_PROXIES=ADDRESS; or leave it on 127.0.0.1 behind a tunnel. Who insists says --insecure-http.`;

const isThisComputer = (host: string): boolean => host === "localhost" || isLoopbackAddress(host.replace(/^\[|\]$/g, ""));
