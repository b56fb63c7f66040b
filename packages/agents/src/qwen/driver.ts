/** Qwen Code as an agent of HAPI. */
import { createAcpDriver } from "../acp/driver.ts";
import { qwenProfile } from "./profile.ts";

export const qwenDriver = createAcpDriver(qwenProfile);
