/** The contract every driver keeps, on the real OpenCode: recovery. */
import { runDriverContract } from "../../src/contract/driver.case.ts";
import { opencode } from "./fixture.ts";

runDriverContract(opencode, ["recovery"]);
