/** When a program's screen counts as there: it is more than the questions that a program asks its terminal first, or none came for a while. */
export const screenBytes = 1_000;
export const paintMs = 1_500;
