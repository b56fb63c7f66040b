/** The contract every driver keeps, on the real program: its requests. */
import { runDriverContract } from "../../src/contract/driver.case.ts";
import { copilotFixture } from "./fixture.ts";

runDriverContract(copilotFixture, ["requests"]);
