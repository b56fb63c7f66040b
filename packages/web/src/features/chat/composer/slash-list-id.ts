/** Ties the field to its list of commands, for assistive technology. */
export const SLASH_LIST_ID = "slash-commands";
