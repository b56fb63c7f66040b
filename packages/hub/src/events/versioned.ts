/** A change of a value that carries a version. */
export type VersionedResult<Value> =
  | { kind: "success"; version: number; value: Value }
  | { kind: "mismatch"; version: number; value: Value }
  | { kind: "missing" };
