/** A tool of the suites: no arguments unless it has some, and content as its only output. */
import { type Effect, Schema } from "effect"
import { Content, Operation, type Talk } from "hub/plugin"

type Contents = ReadonlyArray<Content.Content>
type Saying = Effect.Effect<Contents, Operation.OperationFailed>

const Contents = Schema.Array(Content.Content)

export const tool = (name: string, summary: string, run: (talk: Talk.Talk) => Saying) =>
  toolOf(name, summary, Schema.Struct({}), (_, talk) => run(talk))

export const toolOf = <I extends Schema.Top>(
  name: string,
  summary: string,
  input: I,
  run: (input: I["Type"], talk: Talk.Talk) => Saying,
  input_schema?: Readonly<Record<string, unknown>>,
) =>
  Operation.make({
    name,
    summary,
    input,
    output: Contents,
    readonly: true,
    input_schema,
    content: (contents) => contents,
    run: (input, _, talk) => run(input, talk),
  })

export const say = (text: string): Contents => [Content.text(text)]
