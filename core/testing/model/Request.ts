/** A request to a model as the four wires write it, understood as one thing. */

export type Json = Readonly<Record<string, unknown>>

export type Wire = "anthropic" | "responses" | "chat" | "gemini"

export interface Tool {
  readonly name: string
  /** The MCP server that it is of, where the wire says so. */
  readonly namespace?: string | undefined
  /** `custom`: takes a text instead of arguments. */
  readonly type?: string | undefined
  readonly schema: Json
}

export interface Asked {
  readonly tools: ReadonlyArray<Tool>
  /** Turns of the user so far: more than one in a session that goes on. */
  readonly turns: number
  readonly last_user: string
  /** What the tools that were called since gave. */
  readonly results: ReadonlyArray<string>
  /** JSON Schema that the answer must meet. */
  readonly schema?: Json | undefined
}

export const object = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {}

export const objects = (value: unknown): ReadonlyArray<Json> =>
  Array.isArray(value) ? value.map(object) : []

const text = (value: unknown): string => (typeof value === "string" ? value : "")

/** Counts turns: what tools gave belongs to the turn that asked for them. */
class Turns {
  turns = 0
  last_user = ""
  results: Array<string> = []

  user(words: string): void {
    if (words === "") return
    this.turns++
    this.last_user = words
    this.results = []
  }

  tool(result: unknown): void {
    this.results.push(typeof result === "string" ? result : JSON.stringify(result))
  }
}

/** What the agents write into a user's turn by themselves. */
const own =
  /^\s*(?:<system-reminder>|<environment_context|<user_instructions|<permissions|<collaboration|# AGENTS\.md|<session_context>|<user_info>|This is the Gemini CLI|This is the Qwen Code)/

const words = (parts: ReadonlyArray<Json>): string =>
  parts
    .map((part) => text(part["text"]))
    .filter((one) => one !== "" && !own.test(one))
    .join("\n")

const partsOf = (content: unknown): ReadonlyArray<Json> =>
  typeof content === "string" ? [{ type: "text", text: content }] : objects(content)

const anthropic = (body: Json): Asked => {
  const turns = new Turns()
  for (const { content, role } of objects(body["messages"])) {
    if (role !== "user") continue
    const parts = partsOf(content)
    const results = parts.filter(({ type }) => type === "tool_result")
    for (const result of results)
      turns.tool(
        partsOf(result["content"])
          .map((part) => text(part["text"]))
          .join(""),
      )
    if (results.length === 0) turns.user(words(parts))
  }
  const tools = objects(body["tools"]).map((tool) => ({
    name: text(tool["name"]),
    schema: object(tool["input_schema"]),
  }))
  return { ...turns, tools }
}

const toolsOfResponses = (tools: unknown, namespace?: string): ReadonlyArray<Tool> =>
  objects(tools).flatMap((tool) => {
    const { name = tool["type"], type } = tool
    if (type === "namespace") return toolsOfResponses(tool["tools"], text(name))
    return [{ name: text(name), namespace, type: text(type), schema: object(tool["parameters"]) }]
  })

const responses = (body: Json): Asked => {
  const turns = new Turns()
  for (const item of objects(body["input"])) {
    if (text(item["type"]).endsWith("_output")) turns.tool(item["output"])
    else if (item["role"] === "user") turns.user(words(partsOf(item["content"])))
  }
  const schema = object(object(body["text"])["format"])["schema"]
  return {
    ...turns,
    tools: toolsOfResponses(body["tools"]),
    ...(schema === undefined ? {} : { schema: object(schema) }),
  }
}

const chat = (body: Json): Asked => {
  const turns = new Turns()
  for (const { content, role } of objects(body["messages"])) {
    const said = words(partsOf(content))
    if (role === "tool") turns.tool(said)
    if (role === "user") turns.user(said)
  }
  const tools = objects(body["tools"]).map((tool) => ({
    name: text(object(tool["function"])["name"]),
    schema: object(object(tool["function"])["parameters"]),
  }))
  return { ...turns, tools }
}

const gemini = (body: Json): Asked => {
  const turns = new Turns()
  for (const { parts, role } of objects(body["contents"])) {
    if (role === "model") continue
    const results = objects(parts).filter((part) => "functionResponse" in part)
    for (const result of results) turns.tool(object(result["functionResponse"])["response"])
    if (results.length === 0) turns.user(words(objects(parts)))
  }
  const tools = objects(body["tools"])
    .flatMap((group) => objects(group["functionDeclarations"]))
    .map((tool) => ({
      name: text(tool["name"]),
      schema: object(tool["parametersJsonSchema"] ?? tool["parameters"]),
    }))
  return { ...turns, tools }
}

/** By the path of the request. */
export const wireOf = (path: string): Wire | undefined => {
  if (path.endsWith("/messages")) return "anthropic"
  if (path.endsWith("/responses")) return "responses"
  if (path.endsWith("/chat/completions")) return "chat"
  return /:(?:streamG|g)enerateContent$/.test(path) ? "gemini" : undefined
}

export const understand: Readonly<Record<Wire, (body: Json) => Asked>> = {
  anthropic,
  responses,
  chat,
  gemini,
}
