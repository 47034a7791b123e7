/** For authors of adapters: reading an agent's output line by line, within bounds. */
export { unknownFlag } from "./reading/Flags.ts"
export { asNumber, asObject, asObjects, asText, at, type Json, objectIn } from "./reading/Json.ts"
export { cut, end, Excerpt, Tail, withoutAnsi } from "./reading/Lines.ts"
export { sinceBefore } from "./reading/Session.ts"
export { classOfStatus } from "./reading/Status.ts"
export { type ToolEnd, type ToolNames, Tools } from "./reading/Tools.ts"
export { waitIn } from "./reading/Wait.ts"
export { brief, Transcript, type TranscriptOptions } from "./reading/Transcript.ts"
