/** What HAPI itself says in a conversation: the protocol's table is its English (`i18n/notices.ts` brings it). */
import { NOTICES, type NoticeCode } from "@hapi/protocol";

type Words = { readonly [Code in NoticeCode as `notice.${Code}`]: (typeof NOTICES)[Code] };

export const notices = Object.fromEntries(Object.entries(NOTICES).map(([code, text]) => [`notice.${code}`, text])) as Words;
