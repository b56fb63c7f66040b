/** Approvals, questions and plans, for any screen that shows what waits. */
export { SessionRequests } from "./session-requests.tsx";
export { noteScroll } from "./tap-guard.ts";
