/**
 * The certificate a hub shows: files of the owner, read again when they change, or one that it makes itself, whose fingerprint is told on a way that
 * others do not have (terminal, QR code).
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { isIP } from "node:net";
import { join } from "node:path";
import { attempt, type Clock, writeFileAtomic } from "@hapi/platform";
import { AppError } from "@hapi/protocol";

export interface CertificateFiles {
  certFile: string;
  keyFile: string;
}

export interface Certificate {
  cert: string;
  key: string;
  /** SHA-256 of the certificate, as browsers show it: `AB:CD:…`. */
  fingerprint: string;
  /** What of the files it was read from. */
  stamp: string;
}

const dayMs = 86_400_000;
/** What Apple's systems take at most is 825. */
const lifetimeDays = 800;
const renewBeforeDays = 30;

/** Of the hub's own making, in its home. */
export const ownCertificateFiles = (home: string): CertificateFiles => ({
  certFile: join(home, "tls-cert.pem"),
  keyFile: join(home, "tls-key.pem"),
});

/** @throws `tls_certificate_invalid`, with what is wrong with which file */
export function readCertificate(files: CertificateFiles, now: number): Certificate {
  const stamp = stampOf(files);
  const cert = readPart(files.certFile, "certificate");
  const key = readPart(files.keyFile, "key");
  const parsed = parsePart(files.certFile, () => new X509Certificate(cert));
  const isOfKey = parsePart(files.keyFile, () => parsed.checkPrivateKey(createPrivateKey(key)));
  if (!isOfKey) throw invalid(`The key in ${files.keyFile} is not that of the certificate in ${files.certFile}.`);
  if (parsed.validToDate.getTime() <= now) throw invalid(`The certificate in ${files.certFile} ended on ${parsed.validTo}. Renew it.`);
  return { cert, key, fingerprint: parsed.fingerprint256, stamp };
}

/** Own: one that the hub makes, `renew` anew when it ends soon. @throws as `readCertificate` */
export async function certificateOf(
  tls: "own" | CertificateFiles | undefined,
  { home, host, clock }: { home: string; host: string; clock: Clock },
) {
  if (tls === undefined) return { certificate: null, files: null, renew: null };
  if (tls !== "own") return { certificate: readCertificate(tls, clock.now()), files: tls, renew: null };
  const renew = (): Promise<Certificate> => ownCertificate(home, host, clock.now());
  return { certificate: await renew(), files: ownCertificateFiles(home), renew };
}

/** Changes with the files; the same while they can't be looked at, which a renewal makes them for a moment. */
export function stampOf({ certFile, keyFile }: CertificateFiles): string {
  const of = (path: string): string => {
    const facts = attempt(() => statSync(path), "it is being changed, and looked at again later");
    return facts ? `${facts.ino}.${facts.mtimeMs}.${facts.size}` : "";
  };
  return `${of(certFile)}-${of(keyFile)}`;
}

/** The hub's own, made on first use and again before it ends: its fingerprint changes only then. */
export async function ownCertificate(home: string, host: string, now: number): Promise<Certificate> {
  const files = ownCertificateFiles(home);
  if (existsSync(files.certFile) && existsSync(files.keyFile)) {
    const known = attempt(() => readCertificate(files, now + renewBeforeDays * dayMs), "it has ended or is damaged: another is made");
    if (known) return known;
  }
  const { cert, key } = await makeCertificate([host, hostname(), ...ownAddresses()], now);
  writeFileAtomic(files.keyFile, key, { mode: 0o600 });
  writeFileAtomic(files.certFile, cert, { mode: 0o600 });
  return readCertificate(files, now);
}

const ownAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address.replace(/%.*$/, "")));

/** P-256, for servers only; every name of this computer. The library is large and needed once in two years. */
async function makeCertificate(names: readonly string[], now: number): Promise<{ cert: string; key: string }> {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const all = [...new Set(["localhost", "127.0.0.1", "::1", ...names.filter((name) => name !== "0.0.0.0" && name !== "::")])];
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=HAPI hub",
    notBefore: new Date(now - dayMs),
    notAfter: new Date(now + lifetimeDays * dayMs),
    keys,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: [
      new x509.SubjectAlternativeNameExtension(all.map((value) => ({ type: isIP(value) ? ("ip" as const) : ("dns" as const), value }))),
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.1"]),
    ],
  });
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { cert: `${cert.toString("pem")}\n`, key: `${key}\n` };
}

const invalid = (message: string, cause?: unknown): AppError => new AppError("tls_certificate_invalid", message, { cause });

function readPart(path: string, what: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw invalid(`The ${what} ${path} can't be read: ${cause instanceof Error ? cause.message : String(cause)}.`, cause);
  }
}

function parsePart<T>(path: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw invalid(`${path} is not what it should be: a file in PEM format.`, cause);
  }
}
