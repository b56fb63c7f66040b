/** The column of the conversation: at most 76 characters of text, centred, with the page's margin. */
export const rowWidth = "mx-auto w-full max-w-[calc(76ch+32px)] px-4";
