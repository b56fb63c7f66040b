/** The version that is in package.json, baked in by the bundler. */
import { version } from "../package.json" with { type: "json" };

export const cliVersion: string = version;
