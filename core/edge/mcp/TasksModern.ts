/** Tasks of the protocol 2026-07-28: an extension, and the hub decides what becomes one. */
import { MissingRequiredClientCapabilityError, type Server } from "@modelcontextprotocol/server"
import { Effect, Schema } from "effect"
import type { OperationHandle } from "../../plugin/Catalogue.ts"
import { isObject } from "../JsonSchema.ts"
import type { Capabilities } from "./Callers.ts"
import { fitting, requestsOf } from "./Questions.ts"
import { common, faultOf, pollInterval, resultOf } from "./TaskResult.ts"
import * as Tasks from "./Tasks.ts"

const extension = "io.modelcontextprotocol/tasks"

export const capability = { extensions: { [extension]: {} } }

/** A tool that ran and failed is complete here, with an error for its result; failed is what the hub itself could not do. */
const shown = (task: Tasks.Task) => {
  const isRefused = task.status === "failed" && faultOf(task) === undefined
  return {
    ...common(task),
    ...(isRefused ? { status: "completed" as const } : {}),
    ttlMs: null,
    pollIntervalMs: pollInterval,
  }
}

/** The answer to a call that has started it. */
export const handleOf = (task: Tasks.Task) => ({ resultType: "task", ...shown(task) })

const declares = ({ extensions }: Capabilities): boolean =>
  isObject(extensions) && extensions[extension] !== undefined

const undeclared = Effect.suspend(() =>
  Effect.fail(new MissingRequiredClientCapabilityError({ requiredCapabilities: capability })),
)

/** Whether a call is answered with a task. Fails when the tool has nothing else and the client knows none. */
export const wanted = ({ long }: OperationHandle, declared: Capabilities) =>
  long?.required === true && !declares(declared)
    ? undeclared
    : Effect.succeed(long !== undefined && declares(declared))

const Reference = { params: Schema.toStandardSchemaV1(Schema.Struct({ taskId: Schema.String })) }
const Update = {
  params: Schema.toStandardSchemaV1(
    Schema.Struct({
      taskId: Schema.String,
      inputResponses: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
    }),
  ),
}

export const serve = (server: Server, run: Tasks.Run): void => {
  const declared: Tasks.Run = (context, body) =>
    run(context, (view) => (declares(view.declared) ? body(view) : undeclared))

  server.setRequestHandler("tasks/get", Reference, ({ taskId }, context) =>
    declared(context, (view) => Effect.map(Tasks.look(view, taskId), detailed)),
  )
  server.setRequestHandler("tasks/cancel", Reference, ({ taskId }, context) =>
    declared(context, (view) => cancel(view, taskId)),
  )
  server.setRequestHandler("tasks/update", Update, ({ taskId, inputResponses }, context) =>
    // The SDK takes the replies out of every request.
    declared(context, (view) => update(view, taskId, inputResponses ?? context.mcpReq.inputResponses ?? {})),
  )
}

const detailed = (task: Tasks.Task) => {
  const error = faultOf(task)
  if (error !== undefined) return { ...shown(task), error }
  if (task.status === "input_required")
    return { ...shown(task), inputRequests: requestsOf(Tasks.asked(task), "modern") }
  return Tasks.ended(task) && task.status !== "cancelled"
    ? { ...shown(task), result: resultOf(task) }
    : shown(task)
}

/** One that has ended stays as it is. */
const cancel = Effect.fnUntraced(function* (view: Tasks.View, id: string) {
  const task = yield* Tasks.look(view, id)
  if (!Tasks.ended(task)) yield* Tasks.cancel(view, task)
  return {}
})

/** Replies to nothing that is asked are passed over. */
const update = Effect.fnUntraced(function* (view: Tasks.View, id: string, replies: Tasks.Fields) {
  const task = yield* Tasks.look(view, id)
  yield* Tasks.reply(view, task, fitting(replies, Tasks.asked(task)))
  return {}
})
