/** Operations as MCP tools: the list, and what a call gives. */
import type { CallToolResult, Tool } from "@modelcontextprotocol/server"
import type { Catalogue, OperationHandle } from "../../plugin/Catalogue.ts"
import { covers, type OperationFailed, type Scope } from "../../plugin/Operation.ts"
import { describe, errorOf } from "../Call.ts"
import type { Answered, Described } from "../Door.ts"
import { isObject } from "../JsonSchema.ts"
import { blockOf } from "./Blocks.ts"

export type Era = "legacy" | "modern"

export const isTool = ({ doors }: OperationHandle): boolean => doors === undefined || doors.includes("mcp")

/** The tools that somebody with these scopes may call. */
export const callable = (
  { operations }: Catalogue,
  scopes: ReadonlyArray<Scope> | undefined,
): Array<OperationHandle> =>
  [...operations.values()].filter((one) => isTool(one) && (scopes === undefined || covers(scopes, one.scope)))

/** Kept per handle: a list is asked for often, and a handle never changes. */
export const toolOf = (handle: OperationHandle, era: Era): Tool => {
  const known = made[era].get(handle)
  if (known !== undefined) return known
  const tool = makeTool(describe(handle), era)
  made[era].set(handle, tool)
  return tool
}

const made: Readonly<Record<Era, WeakMap<OperationHandle, Tool>>> = {
  legacy: new WeakMap(),
  modern: new WeakMap(),
}

const makeTool = (operation: Described, era: Era): Tool =>
  ({
    name: operation.name,
    ...(operation.title === undefined ? {} : { title: operation.title }),
    description: operation.summary,
    inputSchema: operation.input,
    ...(hasObject(operation) ? { outputSchema: operation.output } : {}),
    annotations: annotationsOf(operation),
    ...(era === "legacy" && operation.long !== undefined
      ? { execution: { taskSupport: operation.long.required === true ? "required" : "optional" } }
      : {}),
  }) as Tool

// A tool whose schema is no object is only listed to clients of the newest protocol, so such an output has none.
const hasObject = ({ output }: Described): boolean => output["type"] === "object"

const annotationsOf = ({ destructive, idempotent, long, plugin, readonly, title }: Described) => ({
  ...(title === undefined ? {} : { title }),
  readOnlyHint: readonly,
  ...(readonly ? {} : { destructiveHint: destructive, idempotentHint: idempotent }),
  // Of what a plugin reaches the hub knows nothing.
  ...(plugin === "core" ? { openWorldHint: long !== undefined } : {}),
})

export const answered = ({ content, output, text }: Answered): CallToolResult => ({
  content: content?.map(blockOf) ?? [{ type: "text", text: text ?? JSON.stringify(output ?? null) }],
  ...(isObject(output) ? { structuredContent: output } : {}),
})

/** Clients check structured content against the output schema even of an error, so the details go beside it. */
export const refused = (failure: OperationFailed): CallToolResult => ({
  isError: true,
  content: [
    { type: "text", text: failure.message },
    ...(failure.details === undefined || failure.code === "invalid"
      ? []
      : [{ type: "text" as const, text: JSON.stringify(failure.details) }]),
  ],
  _meta: { "hub/error": errorOf(failure) },
})
