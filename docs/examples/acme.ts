/** Runs Acme Coder as an agent. Output and exit codes: `acme --help`, version 2.4. */
import { Effect, Schema } from "effect"
import { Agent, Failure, Field, Plugin } from "hub/plugin"

const Config = Schema.Struct({
  program: Field.withDefault(
    Schema.NonEmptyString,
    "acme",
    "Name on PATH, or absolute path, of the program.",
  ),
  model: Field.optional(Schema.NonEmptyString, "The model where a step names none."),
})

/** A vendor's lines change: what does not decode is kept as text. */
const Line = Schema.fromJsonString(
  Schema.Union([
    Schema.Struct({ type: Schema.Literal("text"), text: Schema.String }),
    Schema.Struct({ type: Schema.Literal("done"), text: Schema.String }),
    Schema.Struct({ type: Schema.Literal("retrying"), seconds: Schema.Number }),
    Schema.Struct({ type: Schema.Literal("error"), code: Schema.Int, message: Schema.String }),
  ]),
)
const read = Schema.decodeUnknownOption(Line)

const refusals: Readonly<Record<number, Failure.FailureClass>> = {
  401: "auth",
  402: "quota_exhausted",
  429: "rate_limited",
}

const decoder = (): Agent.Decoder => {
  let answer: string | undefined
  let failure: Failure.Failure | undefined
  return {
    feed: (text, stream) => {
      const found = read(text)
      if (found._tag === "None") return [Agent.output(text, stream)]
      const line = found.value
      switch (line.type) {
        case "text":
          return [Agent.message(line.text)]
        case "retrying":
          return [Agent.signal(waits(line.seconds))]
        case "done":
          answer = line.text
          return []
        case "error":
          failure = Failure.of(refusals[line.code] ?? "crashed", line.message, { evidence: [text] })
          return []
      }
    },
    // Success is what Acme's own last line says, never the exit code alone.
    end: (exit) => failure ?? (answer === undefined ? silent(exit.code) : { text: answer }),
  }
}

const waits = (seconds: number) =>
  Failure.of("rate_limited", `Acme waits ${seconds} s by itself.`, { retry_after_ms: seconds * 1000 })

const silent = (code: number | null) =>
  Failure.of("bad_output", `Acme ended without an answer; exit code ${code}.`)

export default Plugin.define({
  id: "agent-acme",
  summary: "Runs Acme Coder as an agent.",
  config: Config,
  setup: (config, self) =>
    Effect.succeed({
      agents: [
        Agent.program({
          id: self.instance,
          summary: "Acme Coder.",
          supports: { model: true },
          launch: (request) => {
            const model = request.model ?? config.model
            return {
              program: config.program,
              args: ["run", "--json", ...(model === undefined ? [] : ["--model", model])],
              // By stdin: as an argument a prompt could be no longer than 128 KB.
              stdin: { text: request.prompt },
            }
          },
          decoder,
        }),
      ],
    }),
})
