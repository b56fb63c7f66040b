/**
 * Notices of rows that other clients wrote without words: code and sentence as in the protocol's table, which is not needed on a first load for the
 * sake of these (a test holds the two together).
 */
import type { NoticeCode } from "@hapi/protocol";

export const OLD_NOTICES = {
  conversation_compacted: { code: "conversation_compacted", text: "The conversation was compacted" },
  interrupted: { code: "interrupted", text: "Interrupted" },
  went_wrong: { code: "went_wrong", text: "Something went wrong" },
  usage_limit: { code: "usage_limit", text: "The usage limit is reached" },
  usage_limit_near: { code: "usage_limit_near", text: "The usage limit is near" },
} as const satisfies Partial<Record<NoticeCode, { code: NoticeCode; text: string }>>;

export type OldNotice = keyof typeof OLD_NOTICES;
