/** What every operation must stand: an input that each door can ask for, and an output that fits its schema. */
import { strict as assert } from "node:assert"
import { Effect, Schema } from "effect"
import type { OperationFailed } from "../plugin/Operation.ts"
import { test } from "./collect.ts"

export interface OperationCheck {
  readonly name: string
  readonly run: Effect.Effect<void, unknown>
}

/** The operation as the suite asks it; what it needs is given already, and the caller and the talk too. */
export interface OperationSubject {
  readonly name: string
  readonly readonly: boolean
  readonly input: Schema.Codec<unknown, unknown>
  readonly output: Schema.Codec<unknown, unknown>
  readonly run: (input: unknown) => Effect.Effect<unknown, OperationFailed>
}

export const operationSuite = (operation: OperationSubject): void => {
  for (const check of operationChecks(operation))
    test(`${operation.name}: ${check.name}`, () => Effect.runPromise(check.run))
}

export const operationChecks = (operation: OperationSubject): ReadonlyArray<OperationCheck> => [
  {
    name: "its input has fields, as flags and tools need",
    run: Effect.sync(() => {
      const { schema } = Schema.toJsonSchemaDocument(operation.input)
      assert(
        schema["type"] === "object",
        `the input is no object: ${JSON.stringify(schema)}. Make it a Schema.Struct.`,
      )
    }),
  },
  { name: "what it answers without input fits its output", run: answersWithoutInput(operation) },
]

/** Asks only what changes nothing and takes an empty input; a refusal is an answer too, unless something broke. */
const answersWithoutInput = ({ input, output, readonly, run }: OperationSubject) =>
  Effect.gen(function* () {
    const given = Schema.decodeUnknownOption(input)({})
    if (!readonly || given._tag === "None") return
    const answer = yield* Effect.catchIf(
      Effect.asSome(run(given.value)),
      ({ code }) => code !== "internal",
      () => Effect.succeedNone,
    )
    if (answer._tag === "Some") yield* Schema.encodeEffect(output)(answer.value)
  })
