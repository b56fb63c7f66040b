/** The version of the wire and the header that carries it. */
export const PROTOCOL_VERSION = 1;
export const PROTOCOL_HEADER = "X-Hapi-Protocol-Version";
