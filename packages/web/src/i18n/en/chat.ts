/** Words of the chat: timeline, tool cards, composer, permission cards. */
export const chat = {} as const;
