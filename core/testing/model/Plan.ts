/** What the model does in a scenario: words, a tool it wants, or how it stops. */
import { type Asked, type Json, object, type Tool } from "./Request.ts"

export interface Call extends Tool {
  readonly arguments: Json
}

export interface Plan {
  readonly text?: string
  readonly call?: Call
  readonly stop?: "refusal" | "length"
}

/** Of the scenario's place in the URL: `shell@cmd=ls`, `mcp@tool=dispatch@args={…}`, `mcp@first=search@query=dispatch@tool=…`. */
export type Parameters = Readonly<Record<string, string>>

const names: Readonly<Record<string, RegExp>> = {
  shell:
    /\.(?:bash|shell|shell_command|exec_command|local_shell|run_shell_command|execute|run_terminal_command)$/i,
  write: /\.(?:write|write_file|create|create_file)$/i,
}

/** Written where a tool must have been at work. */
export const proof = { file: "proof.txt", shell: "mock-tool-ran", written: "written-by-mock\n" } as const

const command = `echo ${proof.shell} > ${proof.file} && cat ${proof.file}`

const patch = `*** Begin Patch\n*** Add File: ${proof.file}\n+${proof.written}*** End Patch`

/** An agent without a tool for files has its patches in the shell. */
const byShell = `apply_patch <<'EOF'\n${patch}\nEOF`

const wanted = (scenario: string, parameters: Parameters, key: string, schema: Json): unknown => {
  const shell = scenario === "shell" ? (parameters["cmd"] ?? command) : byShell
  if (/^(?:command|cmd)$/i.test(key)) return schema["type"] === "array" ? ["bash", "-lc", shell] : shell
  if (scenario !== "write") return undefined
  if (/path|file_?name/i.test(key)) return `${parameters["cwd"] ?? "."}/${proof.file}`
  return /^(?:content|file_text|text)$/i.test(key) ? proof.written : undefined
}

/** The smallest value that a schema allows. */
export const smallest = (schema: unknown): unknown => {
  const { anyOf, enum: values, properties, type } = object(schema)
  if (Array.isArray(values)) return values[0]
  if (Array.isArray(anyOf)) return smallest(anyOf[0])
  switch (String(Array.isArray(type) ? type[0] : (type ?? "object")).toLowerCase()) {
    case "object":
      return Object.fromEntries(
        Object.entries(object(properties)).map(([key, inner]) => [key, smallest(inner)]),
      )
    case "array":
      return []
    case "number":
    case "integer":
      return 42
    case "boolean":
      return false
    default:
      return "mock"
  }
}

const argumentsFor = ({ schema }: Tool, scenario: string, parameters: Parameters): Json => {
  if (parameters["args"] !== undefined) return object(JSON.parse(parameters["args"]))
  const required = new Set(Array.isArray(schema["required"]) ? (schema["required"] as Array<unknown>) : [])
  return Object.fromEntries(
    Object.entries(object(schema["properties"])).flatMap(([key, inner]) => {
      const value = wanted(scenario, parameters, key, object(inner))
      if (value !== undefined) return [[key, value]]
      return required.has(key) ? [[key, smallest(inner)]] : []
    }),
  )
}

const call = (asked: Asked, scenario: string, parameters: Parameters): Plan => {
  const wants = names[scenario] ?? new RegExp(parameters["tool"] ?? "hub", "i")
  const tool =
    asked.tools.find(({ name, namespace = "" }) => wants.test(`${namespace}.${name}`)) ??
    asked.tools.find(({ name }) => scenario === "write" && name === "exec_command")
  if (tool === undefined)
    return { text: `no tool for ${scenario} among: ${asked.tools.map(({ name }) => name).join(", ")}` }
  return {
    text: "I will use a tool.",
    call: { ...tool, arguments: argumentsFor(tool, scenario, parameters) },
  }
}

const structured = (asked: Asked): Plan => {
  const tool = asked.tools.find(({ name }) => /^structured_?output$/i.test(name))
  if (tool !== undefined && asked.results.length === 0)
    return { call: { ...tool, arguments: object(smallest(tool.schema)) } }
  return {
    text: asked.schema === undefined ? "no schema seen" : JSON.stringify(smallest(asked.schema)),
  }
}

/** Where an agent hides its tools, the model looks for them `first`, with this `query`. */
const usesTool = (asked: Asked, scenario: string, parameters: Parameters): Plan => {
  const { first, query } = parameters
  if (first !== undefined && asked.results.length === 0)
    return call(asked, scenario, { tool: first, args: JSON.stringify({ query }) })
  if (asked.results.length > (first === undefined ? 0 : 1))
    return { text: `Done. Tool said: ${String(asked.results.at(-1)).slice(0, 2000)}` }
  return call(asked, scenario, parameters)
}

/** For codex's `apply_patch`, which takes a text. */
export const textFor = (scenario: string): string => (scenario === "write" ? patch : command)

/** No two lines are the same: an agent may stop a model that repeats itself. */
const numbered = (kilobytes: number): string =>
  Array.from({ length: kilobytes * 16 }, (_, n) =>
    `line ${String(n).padStart(6, "0")} ${((n * 2_654_435_761) % 2 ** 32).toString(36).padStart(7, "0")} of a long answer that has many words\n`.slice(
      -64,
    ),
  ).join("")

/** Tells whether the words of `@sees=…` stand anywhere in what it was sent. */
const echo = ({ last_user, turns }: Asked, { sees }: Parameters, sent: Json): string => {
  const seen = sees === undefined || !JSON.stringify(sent).includes(sees) ? "" : `sees ${sees}; `
  return `turn ${turns}; ${seen}last: ${last_user.slice(-200)}`
}

/** `sent`: the body of the request as it came. */
export const planFor = (scenario: string, parameters: Parameters, asked: Asked, sent: Json): Plan => {
  switch (scenario) {
    case "shell":
    case "write":
    case "mcp":
      return usesTool(asked, scenario, parameters)
    case "json":
      return structured(asked)
    case "echo":
      return { text: echo(asked, parameters, sent) }
    case "huge":
      return { text: numbered(Number(parameters["kb"] ?? 400)) }
    case "empty":
      return {}
    case "refusal":
      return { text: "I cannot help with that.", stop: "refusal" }
    default:
      return { text: parameters["say"] ?? "Hello from the mock model." }
  }
}
