/**
 * What went wrong, for people and in their language. A code says what; the sentence that came with it is English and may know more (which file,
 * which program), so it stands behind the translation where it says more than the code alone.
 */
import { type ErrorCode, errorCodes, errorFacts, toAppError } from "@hapi/protocol";
import { currentLocale, t as translate, type Translate } from "./index.ts";

const isErrorCode = (code: string): code is ErrorCode => errorCodes.some((known) => known === code);
/** This app's own sentences come translated already. */
const isTranslated = (text: string): boolean => /\p{Script=Han}/u.test(text);

/** Empty: neither the code nor the sentence says anything. */
export function codeText(code: string | null | undefined, said: string | null | undefined, t: Translate = translate): string {
  const known = code !== null && code !== undefined && isErrorCode(code) ? code : null;
  const detail = said?.trim() ?? "";
  if (known === null) return detail;
  if (currentLocale() === "en") return detail || t(`error.${known}`);
  if (isTranslated(detail)) return detail;
  const words = t(`error.${known}`);
  return detail === "" || errorCodes.some((each) => errorFacts(each).text === detail) ? words : t("error.detail", { words, detail });
}

export function errorText(cause: unknown, t: Translate = translate): string {
  const { code, message } = toAppError(cause);
  return codeText(code, message, t);
}
