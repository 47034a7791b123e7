/** Everything that `import … from "hub/plugin"` gives. */
export * as Adapter from "./Adapter.ts"
export * as Agent from "./Agent.ts"
export * as Condition from "./Condition.ts"
export * as Content from "./Content.ts"
export * as Failure from "./Failure.ts"
export * as Field from "./Field.ts"
export * as Operation from "./Operation.ts"
export * as Plugin from "./Plugin.ts"
export * as Probing from "./Probing.ts"
export * as Prompt from "./Prompt.ts"
export * as Reading from "./Reading.ts"
export * as Resource from "./Resource.ts"
export * as Route from "./Route.ts"
export * as Sink from "./Sink.ts"
export * as Step from "./Step.ts"
export * as Talk from "./Talk.ts"
export { Events, RunEvent, type EventDraft } from "../services/Events.ts"
export { Http, HttpFailed, type HttpRequest, type HttpResponse } from "../services/Http.ts"
export {
  FolderUnusable,
  Processes,
  ProgramMissing,
  ProgramTimedOut,
  type Command,
  type Conversation,
  type Finished,
  type ProcessError,
  type Stdin,
} from "../services/Processes.ts"
export { RunRefused, Runs, RunState, type DispatchRequest, type RunSummary } from "../services/Runs.ts"
export { SecretMissing, Secrets } from "../services/Secrets.ts"
export { StorageFailed, type SqlValue, type Transaction } from "../services/Sql.ts"
export { Storage } from "../services/Storage.ts"
export type { Exit } from "../services/Supervisor.ts"
export { FileFailed, Workspace } from "../services/Workspace.ts"
