/** Ids that tie the field to its list of commands, for assistive technology. */
export const SLASH_LIST_ID = "slash-commands";
export const slashOptionId = (at: number): string => `${SLASH_LIST_ID}-${at}`;
