/** The files of a new plugin, by kind. Each is a whole plugin that works and is tested. */
export const kinds = ["agent", "step", "condition", "operation", "route", "sink"] as const
export type Kind = (typeof kinds)[number]

type Files = Readonly<Record<string, string>>

const snake = (name: string) => name.replaceAll("-", "_")

const sample = (
  kind: Kind,
  name: string,
  config: string,
) => `# Copy into plugins.toml. \`use\` is a path beside that file.
[plugin.${name}]
use = "./${kind}-${name}"

[plugin.${name}.config]
${config}
`

const agent = (name: string): Files => ({
  "index.ts": `/** Runs ${name} as an agent. */
import { Schema } from "effect"
import { Adapter, Agent, Failure } from "hub/plugin"

const Config = Schema.Struct(Adapter.fields({ program: "${name}", env: "a key of a second account" }))

/** One line of its output. A vendor's lines change, so that what does not decode is kept as text. */
const Line = Schema.fromJsonString(
  Schema.Union([
    Schema.Struct({ type: Schema.Literal("text"), text: Schema.String }),
    Schema.Struct({ type: Schema.Literal("done"), text: Schema.String }),
    Schema.Struct({ type: Schema.Literal("error"), code: Schema.Number, message: Schema.String })
  ])
)
const decode = Schema.decodeUnknownOption(Line)

export const decoder = (): Agent.Decoder => {
  let answer: string | undefined
  let failure: Failure.Failure | undefined
  return {
    feed: (text, stream) => {
      const line = decode(text)
      if (line._tag === "None") return [Agent.output(text, stream)]
      if (line.value.type === "text") return [Agent.message(line.value.text)]
      if (line.value.type === "done") answer = line.value.text
      else failure = Failure.of(line.value.code === 429 ? "rate_limited" : "crashed", line.value.message)
      return []
    },
    // Success is what the program's own last event says, never the exit code alone.
    end: (exit) => {
      if (failure !== undefined) return failure
      return answer === undefined ? Failure.of("bad_output", \`no answer; exit code \${exit.code}\`) : { text: answer }
    }
  }
}

export default Adapter.of({
  id: "agent-${name}",
  summary: "Runs ${name} as an agent.",
  name: "${name}",
  config: Config,
  // What it does not say here is refused before anything starts.
  supports: { model: true },
  launch: (config, request) => ({
    program: config.program,
    args: ["--json", ...Adapter.flag("--model", request.model ?? config.model), ...config.args],
    env: { ...config.env, ...request.env },
    // The prompt goes by stdin: as an argument it could be no longer than 128 KB.
    stdin: { text: request.prompt }
  }),
  decoder
})
`,
  "index.test.ts": `import { assert, test } from "hub/testing"
import { decoder } from "./index.ts"

test("what is no event is kept as text", () => {
  const [event] = decoder().feed("Warning: something", "stderr")
  assert.deepEqual(event, { type: "output", data: { text: "Warning: something", stream: "stderr" } })
})
`,
  "fixtures/ok-hello.jsonl": `{"type":"text","text":"Hello"}\n{"type":"done","text":"Hello."}\n`,
  "fixtures/rate_limited.jsonl": `{"type":"error","code":429,"message":"Too many requests."}\n`,
  "sample.toml": sample("agent", name, `program = "${name}"`),
})

/** A plugin of one contribution whose core is a pure function with a test of its own. */
const small = (
  kind: Kind,
  name: string,
  parts: {
    readonly imports: string
    readonly pure: string
    readonly contribution: string
    readonly test: string
    readonly config?: string
  },
): Files => ({
  "index.ts": `/** ${parts.pure.split("\n")[0]?.replace(/^\/\*\* | \*\/$/g, "")} */
import { Effect, Schema } from "effect"
import { Field, ${parts.imports} } from "hub/plugin"

const Config = Schema.Struct({
  ${parts.config ?? `prefix: Field.withDefault(Schema.String, "${name}", "What stands before each text.")`}
})

${parts.pure}

export default Plugin.define({
  id: "${kind}-${name}",
  summary: "A ${kind} called ${name}.",
  config: Config,
  setup: (config) => Effect.succeed({ ${parts.contribution} })
})
`,
  "index.test.ts": parts.test,
  "fixtures/README.md": "Files that the tests read.\n",
  "sample.toml": sample(kind, name, `prefix = "${name}"`),
})

const labelled = `/** Puts a prefix before a text. */
export const label = (prefix: string, text: string): string => \`\${prefix}: \${text}\``

const labelledTest = `import { assert, test } from "hub/testing"
import { label } from "./index.ts"

test("the prefix stands before the text", () => {
  assert.equal(label("a", "b"), "a: b")
})
`

const step = (name: string): Files =>
  small("step", name, {
    imports: "Plugin, Step",
    pure: labelled,
    test: labelledTest,
    contribution: `
      steps: [
        Step.kind({
          type: "${snake(name)}",
          summary: "Answers with a text.",
          config: Schema.Struct({ text: Field.required(Schema.String, "A template: {{ input.x }}, {{ steps.id.answer }}.") }),
          templates: ({ text }) => [{ at: ["text"], text }],
          run: ({ text }, context) => Effect.map(context.render(text), (rendered) => ({ text: label(config.prefix, rendered) }))
        })
      ]
    `,
  })

const condition = (name: string): Files =>
  small("condition", name, {
    imports: "Condition, Plugin",
    pure: `/** Holds when the project carries a tag. */
export const holds = (tags: ReadonlyArray<string>, tag: string) => ({
  holds: tags.includes(tag),
  because: \`the project's tags are \${tags.join(", ") || "none"}\`
})`,
    config: `prefix: Field.withDefault(Schema.String, "", "Stands before each tag that is asked for.")`,
    test: `import { assert, test } from "hub/testing"
import { holds } from "./index.ts"

test("holds for a tag that is there, and says why not", () => {
  assert.equal(holds(["a", "b"], "b").holds, true)
  assert.deepEqual(holds([], "b"), { holds: false, because: "the project's tags are none" })
})
`,
    contribution: `
      conditions: [
        Condition.make({
          id: "${snake(name)}",
          summary: "Holds when the project carries this tag.",
          config: Schema.Struct({ tag: Field.required(Schema.String, "The tag.") }),
          holds: ({ tag }, context) => Effect.succeed(holds(context.project?.tags ?? [], config.prefix + tag))
        })
      ]
    `,
  })

const operation = (name: string): Files =>
  small("operation", name, {
    imports: "Operation, Plugin",
    pure: labelled,
    test: labelledTest,
    contribution: `
      operations: [
        // hub ${name.replaceAll("_", "-")} --text hello, the MCP tool ${snake(name)}, and POST /api/${snake(name)}.
        Operation.make({
          name: "${snake(name)}",
          summary: "Labels a text.",
          input: Schema.Struct({ text: Field.required(Schema.String, "The text.") }),
          output: Schema.Struct({ text: Schema.String }),
          readonly: true,
          run: ({ text }) => Effect.succeed({ text: label(config.prefix, text) })
        })
      ]
    `,
  })

const route = (name: string): Files =>
  small("route", name, {
    imports: "Plugin, Route",
    pure: labelled,
    test: labelledTest,
    contribution: `
      routes: [
        // GET /x/${name}/say/hello, once the hub serves HTTP. Params are decoded already.
        Route.make({
          method: "GET",
          path: "/say/:text",
          summary: "Labels a text.",
          handle: (_request, _caller, { text = "" }) =>
            Effect.succeed(Response.json({ text: label(config.prefix, text) }))
        })
      ]
    `,
  })

const sink = (name: string): Files =>
  small("sink", name, {
    imports: "Plugin, Sink, Storage",
    pure: labelled,
    test: labelledTest,
    contribution: `
      sinks: [
        Sink.make({
          id: "${name}",
          summary: "Keeps the type of the last event.",
          receive: (event) =>
            Effect.flatMap(Storage, (storage) => storage.set("last", Schema.String, label(config.prefix, event.type))).pipe(Effect.ignore)
        })
      ]
    `,
  })

export const templates: Readonly<Record<Kind, (name: string) => Files>> = {
  agent,
  step,
  condition,
  operation,
  route,
  sink,
}
