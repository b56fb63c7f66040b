export {
  damagedPrompts,
  findKeptPrompt,
  forgetKeptPrompt,
  hasKeptPrompts,
  type HubTarget,
  isFor,
  isSameHub,
  keepPrompt,
  type KeptPrompt,
  namespaceOf,
  readKeptPrompts,
  writeKeptPrompt,
} from "./kept-prompts.ts";
export { hubSender, sendKept, type SendKeptResult, withOutboxLock } from "./send-kept.ts";
