/** What went wrong, by code: the sentences of the one error table. */
import { type ErrorCode, errorCodes, errorFacts } from "@hapi/protocol";

export const errors = Object.fromEntries(errorCodes.map((code) => [`error.${code}`, errorFacts(code).text])) as {
  readonly [Code in ErrorCode as `error.${Code}`]: string;
};
