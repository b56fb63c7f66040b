/**
 * Every word of the app server that somebody decided about (0.169.0 and 0.171.0), and that no table of handlers has (`notifications.ts`, `live-text.ts`).
 * What is in none of them is counted and shown raw.
 */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/**
 * Told elsewhere, about something that no session shows, or for another kind of client. `thread/compacted`: the item `contextCompaction` says it.
 * `item/reasoning/textDelta`: where a thought has a summary, that is shown; where it has none, the whole of it once it is complete.
 */
export const PASSED = words(`
  thread/started thread/readState/changed thread/archived thread/deleted thread/unarchived thread/closed skills/changed thread/section/changed
  thread/attachment/updated thread/goal/updated thread/goal/cleared thread/prediction/updated thread/queue/changed project/changed
  thread/project/updated thread/environment/connected thread/environment/disconnected hook/started hook/completed turn/diff/updated
  item/autoApprovalReview/started item/autoApprovalReview/completed autoApprovalReview/strictReviewRequired rawResponseItem/completed
  rawResponse/completed command/exec/outputDelta process/outputDelta process/exited thread/search/partial
  item/commandExecution/terminalInteraction item/fileChange/outputDelta item/fileChange/patchUpdated item/mcpToolCall/progress
  mcpServer/oauthLogin/completed mcpServer/startupStatus/updated mcpServer/event/stream/notification account/updated
  account/gatewayOAuth/changed app/list/updated remoteControl/status/changed externalAgentConfig/import/progress
  externalAgentConfig/import/completed fs/changed item/reasoning/summaryPartAdded model/verification modelProvider/authRecoveryStarted
  modelProvider/authRecoveryCompleted turn/moderationMetadata model/safetyBuffering/updated fuzzyFileSearch/sessionUpdated
  fuzzyFileSearch/sessionCompleted thread/realtime/started thread/realtime/itemAdded thread/realtime/item/started
  thread/realtime/item/transcript/delta thread/realtime/item/completed thread/realtime/transcript/delta thread/realtime/transcript/done
  thread/realtime/outputAudio/delta thread/realtime/sdp thread/realtime/error thread/realtime/closed windows/worldWritableWarning
  windowsSandbox/setupCompleted account/login/completed thread/compacted
  item/reasoning/textDelta
`);

/** Items that are translated; `hookPrompt` and `sleep` say nothing to a person. */
export const ITEMS = words(`
  userMessage agentMessage reasoning plan commandExecution fileChange mcpToolCall dynamicToolCall collabAgentToolCall webSearch imageView
  imageGeneration functionCallOutput contextCompaction enteredReviewMode exitedReviewMode subAgentActivity hookPrompt sleep
`);
