/** Tasks of the protocol 2025-11-25, where they are an experiment and the client asks for one with a call. */
import {
  ProtocolError,
  ProtocolErrorCode,
  RELATED_TASK_META_KEY,
  type Server,
  type ServerContext,
} from "@modelcontextprotocol/server"
import { Effect, type Fiber, Schema } from "effect"
import type { OperationHandle } from "../../plugin/Catalogue.ts"
import { isObject } from "../JsonSchema.ts"
import { fitting, requestsOf } from "./Questions.ts"
import { type Fork, invalid, toProtocol } from "./Settle.ts"
import { common, pollInterval, resultOf } from "./TaskResult.ts"
import * as Tasks from "./Tasks.ts"

export const capability = { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } }

/** Tasks in one answer of `tasks/list`. */
const page = 100

/** For a reply, in milliseconds: people answer slowly. */
const timeout = 600_000

/** Tasks of one connection whose end is told unasked. */
const mostFollowed = 100

// Runs are kept until their user removes them: no `ttl` that a client wishes for changes that.
const shown = (task: Tasks.Task) => ({ ...common(task), ttl: null, pollInterval })

/** The answer to a call that has started it. */
export const handleOf = (task: Tasks.Task) => ({ task: shown(task) })

/** Whether a call is answered with a task. Fails when the tool has none, or has nothing else. */
export const wanted = ({ long, name }: OperationHandle, task: unknown) => {
  if (task !== undefined && long === undefined)
    return noMethod(`${name} does not run as a task. Call it without \`task\`.`)
  if (task === undefined && long?.required === true)
    return noMethod(`${name} only runs as a task. Call it with \`task\`.`)
  return Effect.succeed(task !== undefined)
}

const noMethod = (message: string) =>
  Effect.fail(new ProtocolError(ProtocolErrorCode.MethodNotFound, message))

const Reference = { params: Schema.toStandardSchemaV1(Schema.Struct({ taskId: Schema.String })) }
const Page = {
  params: Schema.toStandardSchemaV1(Schema.Struct({ cursor: Schema.optionalKey(Schema.String) })),
}

export const serve = (server: Server, run: Tasks.Run): void => {
  server.setRequestHandler("tasks/get", Reference, ({ taskId }, context) =>
    run(context, (view) => Effect.map(Tasks.look(view, taskId), shown)),
  )
  server.setRequestHandler("tasks/result", Reference, ({ taskId }, context) =>
    run(context, (view) => result(view, taskId, context)),
  )
  server.setRequestHandler("tasks/cancel", Reference, ({ taskId }, context) =>
    run(context, (view) => cancel(view, taskId)),
  )
  server.setRequestHandler("tasks/list", Page, ({ cursor }, context) =>
    run(context, (view) => list(view, cursor)),
  )
}

/** Waits for the end. What the task asks on the way is asked of the client. */
const result = Effect.fnUntraced(function* (view: Tasks.View, id: string, context: ServerContext) {
  const settled = (task: Tasks.Task) => Tasks.ended(task) || Object.keys(Tasks.asked(task)).length > 0
  let task = yield* Tasks.wait(view, id, settled)
  while (!Tasks.ended(task)) {
    yield* Tasks.reply(view, task, yield* replies(task, context))
    task = yield* Tasks.wait(view, id, settled)
  }
  const { _meta, ...given } = resultOf(task)
  return { ...given, _meta: { ..._meta, [RELATED_TASK_META_KEY]: { taskId: id } } }
})

const replies = Effect.fnUntraced(function* (task: Tasks.Task, { mcpReq: { send, signal } }: ServerContext) {
  const _meta = { [RELATED_TASK_META_KEY]: { taskId: task.id } }
  const questions = Tasks.asked(task)
  const given: Record<string, unknown> = {}
  for (const [key, { method, params }] of Object.entries(requestsOf(questions, "legacy")))
    given[key] = yield* Effect.tryPromise({
      try: () => send({ method, params: { ...params, _meta } }, { signal, timeout }),
      catch: (cause) =>
        new ProtocolError(ProtocolErrorCode.InternalError, `${key} was not replied to: ${cause}`),
    })
  return fitting(given, questions)
})

const cancel = Effect.fnUntraced(function* (view: Tasks.View, id: string) {
  const task = yield* Tasks.look(view, id)
  if (Tasks.ended(task)) return yield* invalid(`The task ${id} has ended already: ${task.status}.`)
  yield* Tasks.cancel(view, task)
  return shown(yield* Tasks.look(view, id))
})

/** A cursor is the operation that lists, and the last id of the page before: `list_dispatches/01J…`. */
const list = Effect.fnUntraced(function* (view: Tasks.View, cursor = "") {
  const [name = "", before = ""] = cursor.split("/")
  const all = Tasks.longOnes(view.catalogue)
  const at = cursor === "" ? 0 : all.findIndex(({ long }) => long.list === name)
  const operation = all[at]
  if (operation === undefined && cursor !== "") return yield* invalid("This cursor is not one of tasks/list.")
  if (operation === undefined) return { tasks: [] }
  const { isFull, tasks } = yield* pageOf(view, operation, before)
  const rest = isFull ? `${operation.long.list}/${tasks.at(-1)?.id}` : all[at + 1]?.long.list
  return { tasks: tasks.map(shown), ...(rest === undefined ? {} : { nextCursor: rest }) }
})

const pageOf = Effect.fnUntraced(function* (
  { caller, catalogue, door }: Tasks.View,
  operation: Tasks.LongOperation,
  before: string,
) {
  const { list: name } = operation.long
  const hasPages = Tasks.takes(catalogue, name, "before") && Tasks.takes(catalogue, name, "limit")
  const input = hasPages ? { limit: page, ...(before === "" ? {} : { before }) } : {}
  const { output } = yield* Effect.mapError(door.call(name, input, caller), toProtocol)
  // The output of an operation that lists holds one list.
  const items: ReadonlyArray<unknown> = isObject(output)
    ? (Object.values(output).find(Array.isArray) ?? [])
    : []
  const tasks = items.flatMap((one) => Tasks.taskOf(operation, one) ?? [])
  return { tasks, isFull: hasPages && tasks.length >= page }
})

/** Tells a client of the end of its tasks while it is there. */
export const follower = (server: Server, fork: Fork) => {
  const open = new Map<string, Fiber.Fiber<void>>()
  const told = (task: Tasks.Task) =>
    Effect.tryPromise(() =>
      server.notification({ method: "notifications/tasks/status", params: shown(task) }),
    )
  return {
    follow: (view: Tasks.View, { id }: Tasks.Task): void => {
      if (open.size >= mostFollowed || open.has(id)) return
      const following = Effect.flatMap(Tasks.wait(view, id, Tasks.ended), told)
      const forgotten = Effect.sync(() => void open.delete(id))
      open.set(id, fork(Effect.ensuring(Effect.ignore(following), forgotten)))
    },
    close: (): void => {
      for (const fiber of open.values()) fiber.interruptUnsafe()
    },
  }
}
