/** Answers what the hub asks of everything that a plugin contributes besides agents. */
import { Effect, Schema } from "effect"
import { silent } from "../../plugin/Talk.ts"
import type { Peer } from "../Rpc.ts"
import { type Answers, type Codec, type Offered, one } from "./answers.ts"
import { stepContext } from "./stepContext.ts"

export const kinds = (offered: Offered, peer: () => Peer): Answers => ({
  "step.run": ({ call, config, context, type }) =>
    Effect.flatMap(
      one(offered().steps, (kind) => kind.type === type, `step kind ${type}`),
      (kind) =>
        Effect.flatMap(decoded(kind.config, config), (given) =>
          kind.run(given, stepContext(peer(), call, context)),
        ),
    ),
  "condition.holds": ({ condition: id, config, context }) =>
    Effect.flatMap(
      one(offered().conditions, (found) => found.id === id, `condition ${id}`),
      (found) => Effect.flatMap(decoded(found.config, config), (given) => found.holds(given, context)),
    ),
  "operation.run": ({ caller, input, operation: name }) =>
    Effect.gen(function* () {
      const found = yield* one(
        offered().operations,
        (operation) => operation.name === name,
        `operation ${name}`,
      )
      const output = yield* found.run(yield* decoded(found.input, input), caller, silent)
      return yield* Schema.encodeUnknownEffect(Schema.toCodecJson(found.output) as never as Codec)(output)
    }),
  "resource.read": ({ caller, uri, variables }) =>
    Effect.flatMap(
      one(offered().resources, (found) => found.uri === uri, `resource ${uri}`),
      (found) => found.read(variables, caller, silent),
    ),
  "prompt.render": ({ arguments: args, prompt: name }) =>
    Effect.flatMap(
      one(offered().prompts, (found) => found.name === name, `prompt ${name}`),
      (found) => Effect.flatMap(decoded(found.arguments, args), (given) => found.render(given, silent)),
    ),
  "sink.receive": ({ event, sink: id }) =>
    Effect.flatMap(
      one(offered().sinks, (found) => found.id === id, `sink ${id}`),
      (found) => found.receive(event),
    ),
  "doctor.check": ({ check: id }) =>
    Effect.flatMap(
      one(offered().doctor, (found) => found.id === id, `check ${id}`),
      (found) => found.check,
    ),
})

/** Its own schema decodes again: JSON Schema cannot say all that a schema checks. */
const decoded = (schema: Schema.Top, value: unknown) =>
  Schema.decodeUnknownEffect(Schema.toCodecJson(schema) as never as Codec)(value)
