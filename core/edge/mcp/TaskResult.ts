/** What a client is told of a task. */
import { type CallToolResult, ProtocolErrorCode } from "@modelcontextprotocol/server"
import { OperationFailed } from "../../plugin/Operation.ts"
import { describe } from "../Call.ts"
import { isObject, propertiesOf, requiredOf } from "../JsonSchema.ts"
import type { Fields, Task } from "./Tasks.ts"
import { refused } from "./Tools.ts"

/** How long a client should leave between two looks, in milliseconds. */
export const pollInterval = 2_000

/** The fields that have the same name in both eras. */
export const common = (task: Task) => {
  const { accepted_at, ended_at, state } = task.said
  const now = new Date().toISOString()
  return {
    taskId: task.id,
    status: task.status,
    ...(typeof state === "string" ? { statusMessage: state } : {}),
    createdAt: typeof accepted_at === "string" ? accepted_at : now,
    lastUpdatedAt: typeof ended_at === "string" ? ended_at : now,
  }
}

/** What the call of the tool would have given, had it waited for the end. */
export const resultOf = (task: Task): CallToolResult => {
  if (task.status !== "completed") return refused(failureOf(task))
  const { answer } = task.said
  const structuredContent = fieldsFor(task)
  return {
    content: [
      { type: "text", text: typeof answer === "string" ? answer : JSON.stringify(answer ?? task.said) },
    ],
    ...(structuredContent === undefined ? {} : { structuredContent }),
  }
}

/** The hub's own fault, as JSON-RPC tells it. */
export const faultOf = (task: Task): { readonly code: number; readonly message: string } | undefined => {
  const { code, message } = failureOf(task)
  return task.status === "failed" && code === "internal"
    ? { code: ProtocolErrorCode.InternalError, message }
    : undefined
}

const failureOf = ({ id, said: { failure }, status }: Task): OperationFailed => {
  const known = isObject(failure) ? failure : {}
  return new OperationFailed({
    code: known["class"] === "internal" ? "internal" : "unavailable",
    message: typeof known["message"] === "string" ? known["message"] : `${id}: ${status}.`,
    ...(known["class"] === undefined ? {} : { details: { class: known["class"] } }),
  })
}

/** Clients check the end of a task against the output schema of the tool that started it. */
const fieldsFor = ({ operation, said }: Task): Fields | undefined => {
  const { output } = describe(operation)
  if (output["type"] !== "object") return said
  const names = Object.keys(propertiesOf(output)).filter((name) => Object.hasOwn(said, name))
  return requiredOf(output).every((name) => names.includes(name))
    ? Object.fromEntries(names.map((name) => [name, said[name]]))
    : undefined
}
