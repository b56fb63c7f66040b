/** Cursor CLI as an agent of HAPI. */
import { createAcpDriver } from "../acp/driver.ts";
import { cursorProfile } from "./profile.ts";

export const cursorDriver = createAcpDriver(cursorProfile);
