/** The SDK's server, where it does not know of the hub. */
import {
  type JSONRPCRequest,
  McpServer,
  type Result,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server"

type Handler = (request: JSONRPCRequest, context: ServerContext) => Promise<Result>

/** Lets a call of a tool answer with a task: the SDK takes every answer but questions for a result of the tool. */
export class TaskServer extends Server {
  protected override _wrapHandler(method: string, handler: Handler): Handler {
    if (method !== "tools/call") return super._wrapHandler(method, handler)
    return async (request, context) => {
      let task: Result | undefined
      const checked = super._wrapHandler(method, async (...called) => {
        const given = await handler(...called)
        if (!isTask(given)) return given
        task = given
        return { content: [] }
      })
      const result = await checked(request, context)
      return task ?? result
    }
  }
}

const isTask = (given: Result): boolean => given["resultType"] === "task" || given["task"] !== undefined

/** The SDK's entry for HTTP asks only an `McpServer` which headers mirror the inputs of a tool. */
export class Front extends McpServer {
  override readonly server: Server
  private readonly schemaOf: (tool: string) => Record<string, unknown> | undefined

  constructor(
    server: Server,
    schemaOf: (tool: string) => Record<string, unknown> | undefined,
    ...rest: ConstructorParameters<typeof McpServer>
  ) {
    super(...rest)
    this.server = server
    this.schemaOf = schemaOf
  }

  override toolInputSchemaJson(name: string): Record<string, unknown> | undefined {
    return this.schemaOf(name)
  }
}
