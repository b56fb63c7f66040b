import verified from "../../verified.json" with { type: "json" };

/** Versions that the driver is tested with, and whose own code the tables were made from. */
export const VERSIONS: readonly string[] = verified.claude;
