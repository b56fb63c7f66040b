/**
 * Who is at the other end of a Unix socket, in the system's own word (SO_PEERCRED): the process that connected, whatever it says of itself. Null
 * where the system has no such word.
 */
import { dlopen, FFIType, ptr } from "bun:ffi";
import type { Socket } from "node:net";
import { attempt } from "./ignore.ts";

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** `struct ucred`: pid, uid, gid. */
const UCRED_INTS = 3;
const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/** fd, level, name, where to write, and its length. */
type GetSockOpt = (...words: readonly number[]) => number;

let known: GetSockOpt | null | undefined;

function getsockopt(): GetSockOpt | null {
  if (known !== undefined) return known;
  known = null;
  if (process.platform !== "linux") return known;
  const { i32, ptr: pointer } = FFIType;
  const signature = { getsockopt: { args: [i32, i32, i32, pointer, pointer], returns: i32 } } as const;
  for (const name of LIBRARIES) {
    const library = attempt(() => dlopen(name, signature), "another C library is this system's");
    if (library) return (known = library.symbols.getsockopt as unknown as GetSockOpt);
  }
  return known;
}

/** Of a socket that this process accepted. */
export function peerPid(socket: Socket): number | null {
  const fd = (socket as { _handle?: { fd?: unknown } })._handle?.fd;
  const ask = getsockopt();
  if (ask === null || typeof fd !== "number" || fd < 0) return null;
  const credentials = new Int32Array(UCRED_INTS);
  const length = new Uint32Array([credentials.byteLength]);
  if (ask(fd, SOL_SOCKET, SO_PEERCRED, ptr(credentials) as unknown as number, ptr(length) as unknown as number) !== 0) return null;
  const [pid = 0] = credentials;
  return pid > 0 ? pid : null;
}
