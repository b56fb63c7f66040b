/** GitHub Copilot CLI as an agent of HAPI. */
import { createAcpDriver } from "../acp/driver.ts";
import { copilotProfile } from "./profile.ts";

export const copilotDriver = createAcpDriver(copilotProfile);
