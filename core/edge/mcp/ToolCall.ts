/** One call of a tool. */
import {
  type CallToolRequestParams,
  type CallToolResult,
  type InputRequiredResult,
  isInputRequiredResult,
  ProtocolError,
  type ServerContext,
} from "@modelcontextprotocol/server"
import { Effect, Result } from "effect"
import type { OperationFailed } from "../../plugin/Operation.ts"
import { suggestion } from "../Nearest.ts"
import { withReplies } from "./Questions.ts"
import { invalid, toProtocol } from "./Settle.ts"
import { talkOf } from "./Talking.ts"
import * as Tasks from "./Tasks.ts"
import * as TasksLegacy from "./TasksLegacy.ts"
import * as TasksModern from "./TasksModern.ts"
import { answered, callable, type Era, isTool, refused } from "./Tools.ts"

/** What a call of a tool gives besides its result: a task that has started, or questions. */
type Given =
  | CallToolResult
  | InputRequiredResult
  | ReturnType<typeof TasksLegacy.handleOf>
  | ReturnType<typeof TasksModern.handleOf>

export const callTool = Effect.fnUntraced(function* (
  view: Tasks.View,
  params: CallToolRequestParams,
  context: ServerContext,
  era: Era,
  /** A task has started, and the client knows of it. */
  started: (task: Tasks.Task) => void,
): Effect.fn.Return<Given, ProtocolError> {
  const operation = yield* findTool(view, params.name)
  const asTask = yield* era === "legacy"
    ? TasksLegacy.wanted(operation, params.task)
    : TasksModern.wanted(operation, view.declared)
  const input = asTask ? withoutWait(params.arguments) : params.arguments
  const called = withReplies(context, { about: params.name, declared: view.declared, era }, (ask) =>
    view.door.call(params.name, input ?? {}, view.caller, talkOf(context, params.name, ask)),
  )
  const result = yield* Effect.result(called)
  if (Result.isFailure(result)) return yield* failed(result.failure, asTask && era === "legacy")
  const given = result.success
  if (isInputRequiredResult(given)) return given
  const task = asTask && Tasks.isLong(operation) ? Tasks.taskOf(operation, given.output) : undefined
  if (task === undefined) return answered(given)
  started(task)
  return era === "legacy" ? TasksLegacy.handleOf(task) : TasksModern.handleOf(task)
})

const findTool = ({ caller, catalogue }: Tasks.View, name: string) => {
  const operation = catalogue.operations.get(name)
  if (operation !== undefined && isTool(operation)) return Effect.succeed(operation)
  const known = callable(catalogue, caller.scopes).map((one) => one.name)
  return invalid(`There is no tool ${JSON.stringify(name.slice(0, 100))}.${suggestion(name, known)}`)
}

/** A task is what waits. */
const withoutWait = (input: Tasks.Fields = {}): Tasks.Fields =>
  Object.fromEntries(Object.entries(input).filter(([name]) => name !== "wait_seconds"))

/** A refused call is no error of the protocol, but a client that waits for a task could not read it. */
const failed = (
  failure: OperationFailed | ProtocolError,
  wantsTask: boolean,
): Effect.Effect<CallToolResult, ProtocolError> => {
  if (failure instanceof ProtocolError) return Effect.fail(failure)
  return wantsTask ? Effect.fail(toProtocol(failure)) : Effect.succeed(refused(failure))
}
