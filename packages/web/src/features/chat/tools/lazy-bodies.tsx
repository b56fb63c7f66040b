/** What a row shows when it is open. Its code comes with the first row that is opened, or when the chat has nothing better to do. */
import { part } from "../../../ui/part.tsx";
import { source } from "../../../ground/source.ts";
import { Skeleton } from "../../../ui/skeleton.tsx";

const bodies = source(() => import("./tool-body.tsx"));
export const loadBodies = bodies.load;
const waiting = () => <Skeleton lines={3} />;

export const ToolBody = part(bodies, (module) => module.ToolBody, { waiting });
export const JsonBody = part(bodies, (module) => module.JsonBody, { waiting });
export const CommandOutput = part(bodies, (module) => module.CommandOutput, { waiting });
