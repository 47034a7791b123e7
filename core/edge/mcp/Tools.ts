/** Operations as MCP tools: the list, and one call. */
import type { CallToolResult, Tool } from "@modelcontextprotocol/server"
import type { OperationFailed } from "../../plugin/Operation.ts"
import { errorOf } from "../Call.ts"
import type { Answered, Described } from "../Door.ts"
import { isObject } from "../JsonSchema.ts"

export const toolOf = (operation: Described): Tool =>
  ({
    name: operation.name,
    ...(operation.title === undefined ? {} : { title: operation.title }),
    description: operation.summary,
    inputSchema: operation.input,
    ...(hasObject(operation) ? { outputSchema: operation.output } : {}),
    annotations: {
      ...(operation.title === undefined ? {} : { title: operation.title }),
      readOnlyHint: operation.readonly,
      ...(operation.readonly ? {} : { destructiveHint: operation.destructive }),
    },
  }) as Tool

// A tool whose schema is no object is only listed to clients of the newest protocol, so such an output has none.
const hasObject = ({ output }: Described): boolean => output["type"] === "object"

export const answered = ({ output, text }: Answered): CallToolResult => ({
  content: [{ type: "text", text: text ?? JSON.stringify(output ?? null) }],
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
