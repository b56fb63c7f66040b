/** The answers this device keeps until they are sent. */
import { createKeptAnswers } from "./kept-answers.model.ts";

export const keptAnswers = createKeptAnswers(localStorage);
