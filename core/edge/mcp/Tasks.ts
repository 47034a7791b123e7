/**
 * MCP tasks over operations that start something long.
 *
 * The id of a task is the id that the operation gave (`run_id`), so tasks are there for every connection, and after a restart.
 */
import type { ProtocolError, ServerContext } from "@modelcontextprotocol/server"
import { Effect } from "effect"
import type { Catalogue, OperationHandle } from "../../plugin/Catalogue.ts"
import type { Caller, Long } from "../../plugin/Operation.ts"
import type { Questions } from "../../plugin/Talk.ts"
import { describe } from "../Call.ts"
import type { Door } from "../Door.ts"
import { isObject, propertiesOf } from "../JsonSchema.ts"
import type { Capabilities } from "./Callers.ts"
import { questionsOf } from "./Questions.ts"
import { invalid, toProtocol } from "./Settle.ts"
import { isTool } from "./Tools.ts"

export type Status = "working" | "input_required" | "completed" | "failed" | "cancelled"

export type Fields = Readonly<Record<string, unknown>>

export interface Task {
  readonly id: string
  readonly status: Status
  readonly operation: LongOperation
  /** The output of `check`; before the first look, of the operation itself. */
  readonly said: Fields
}

export type LongOperation = OperationHandle & { readonly long: Long }

/** The hub as one caller sees it. */
export interface View {
  readonly catalogue: Catalogue
  readonly door: Door
  readonly caller: Caller
  /** What the client can do, and be asked. */
  readonly declared: Capabilities
}

/** Answers one request with what is made of the hub. */
export type Run = <A>(
  context: ServerContext,
  body: (view: View) => Effect.Effect<A, ProtocolError>,
) => Promise<A>

/** One wait; a longer one is made of several. */
const waitSeconds = 30

/** Between two looks: not everything can be waited for, and not everything that can waits for this. */
const pause = "500 millis"

const statuses: Readonly<Record<string, Status>> = {
  queued: "working",
  running: "working",
  waiting: "input_required",
  succeeded: "completed",
  failed: "failed",
  timed_out: "failed",
  cancelled: "cancelled",
}

export const isLong = (operation: OperationHandle): operation is LongOperation => operation.long !== undefined

export const ended = ({ status }: Task): boolean => status !== "working" && status !== "input_required"

/** Absent when there is no id in it. */
export const taskOf = (operation: LongOperation, said: unknown): Task | undefined => {
  const id = isObject(said) ? said[operation.long.id] : undefined
  if (!isObject(said) || typeof id !== "string") return undefined
  return { id, status: statuses[String(said["state"])] ?? "working", operation, said }
}

/** Fails with -32602 when nobody knows it. With `wait` it may take a while, and the task may still go on. */
export const look = Effect.fnUntraced(function* (view: View, id: string, wait = false) {
  for (const operation of longOnes(view.catalogue)) {
    const task = yield* lookAs(view, operation, id, wait)
    if (task !== undefined) return task
  }
  return yield* invalid(`There is no task ${JSON.stringify(id.slice(0, 100))}.`)
})

/** One for each way to look. */
export const longOnes = ({ operations }: Catalogue): ReadonlyArray<LongOperation> => {
  const all = [...operations.values()].filter(isLong).filter(isTool)
  return [...new Map(all.map((one) => [one.long.check, one])).values()]
}

const lookAs = Effect.fnUntraced(function* (view: View, operation: LongOperation, id: string, wait: boolean) {
  const { check, id: field } = operation.long
  const canWait = wait && takes(view.catalogue, check, "wait_seconds")
  const input = { [field]: id, ...(canWait ? { wait_seconds: waitSeconds } : {}) }
  const output = yield* view.door.call(check, input, view.caller).pipe(
    Effect.map((answered) => answered.output),
    Effect.catchIf(
      ({ code }) => code === "not_found" || code === "invalid",
      () => Effect.succeed(undefined),
    ),
    Effect.mapError(toProtocol),
  )
  const task = taskOf(operation, output)
  // An operation may know shorter names for the same thing; a task has one.
  return task?.id === id ? task : undefined
})

/** Has the operation an input of this name? */
export const takes = ({ operations }: Catalogue, name: string, field: string): boolean => {
  const handle = operations.get(name)
  return handle !== undefined && Object.hasOwn(propertiesOf(describe(handle).input), field)
}

/** Looks until it is as wanted. */
export const wait = Effect.fnUntraced(function* (view: View, id: string, wanted: (task: Task) => boolean) {
  for (;;) {
    const task = yield* look(view, id, true)
    if (wanted(task)) return task
    yield* Effect.sleep(pause)
  }
})

export const cancel = ({ caller, door }: View, { id, operation: { long } }: Task) =>
  Effect.mapError(door.call(long.cancel, { [long.id]: id }, caller), toProtocol)

/** What it waits for, where that can be replied to. */
export const asked = ({ operation: { long }, said, status }: Task): Questions =>
  (status === "input_required" && long.reply !== undefined ? questionsOf(said) : undefined) ?? {}

export const reply = ({ caller, door }: View, { id, operation: { long } }: Task, replies: Fields) =>
  long.reply === undefined || Object.keys(replies).length === 0
    ? Effect.void
    : Effect.mapError(door.call(long.reply, { [long.id]: id, replies }, caller), toProtocol)
