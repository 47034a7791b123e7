/** Answers what the hub asks of a plugin's steps, conditions, operations, sinks and checks. */
import { Effect, Schema } from "effect"
import type { Operation } from "../../plugin/Operation.ts"
import type { Peer } from "../Rpc.ts"
import { type Answers, type Codec, decoded, type Offered, one } from "./answers.ts"
import { showsOf } from "./offer.ts"
import { stepContext } from "./stepContext.ts"
import { talkOf } from "./talk.ts"

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
  "operation.run": ({ call, caller, input, operation: name }) =>
    Effect.gen(function* () {
      const found = yield* one(
        offered().operations,
        (operation) => operation.name === name,
        `operation ${name}`,
      )
      const given = yield* decoded(found.input, input)
      const output = yield* found.run(given, caller, talkOf(peer(), call))
      const plain = yield* Schema.encodeUnknownEffect(Schema.toCodecJson(found.output) as never as Codec)(
        output,
      )
      return showsOf(found).length === 0 ? plain : { output: plain ?? null, ...shown(found, output) }
    }),
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

const shown = ({ content, print }: Operation, output: unknown) => ({
  ...(print === undefined ? {} : { text: print(output) }),
  ...(content === undefined ? {} : { content: content(output) }),
})
