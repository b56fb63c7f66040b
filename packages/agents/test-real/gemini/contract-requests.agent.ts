/** The contract every driver keeps, on the real program: its requests. */
import { runDriverContract } from "../../src/contract/driver.case.ts";
import { geminiFixture } from "./fixture.ts";

runDriverContract(geminiFixture, ["requests"]);
