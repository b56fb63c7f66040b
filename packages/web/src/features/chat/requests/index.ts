/** Approvals, questions and plans, for any screen that shows what waits. */
export { RequestCard } from "./lazy-request-card.tsx";
export { RequestHostContext, type RequestHost } from "./request-host.tsx";
export { SessionRequests } from "./session-requests.tsx";
export { noteScroll } from "./tap-guard.ts";
