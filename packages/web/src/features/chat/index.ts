/** The chat's face: one screen, and the port the app gives it. */
export { ChatScreen } from "./chat-screen.tsx";
export type * from "../../sync/port.ts";
