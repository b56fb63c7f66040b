/** The contract every driver keeps, on the real program: its recovery. */
import { runDriverContract } from "../../src/contract/driver.case.ts";
import { copilotFixture } from "./fixture.ts";

runDriverContract(copilotFixture, ["recovery"]);
