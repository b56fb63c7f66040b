/** Gemini CLI as an agent of HAPI. */
import { createAcpDriver } from "../acp/driver.ts";
import { geminiProfile } from "./profile.ts";

export const geminiDriver = createAcpDriver(geminiProfile);
