/** What runner and settling process say to each other. */
export const SETTLE_WORD = "settle";
/** How a settling process ends. */
export const settleExit = { settled: 0, hostLives: 3, notTold: 4 } as const;
