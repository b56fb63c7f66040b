/** Versions that the driver is tested with, and whose own code the tables were made from. */
export const VERSIONS = ["2.1.329", "2.1.332"] as const;
