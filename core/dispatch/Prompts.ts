/** The prompts of core: pipelines that are offered as one, each as long as it can run. */
import { Effect, Schema, Stream } from "effect"
import * as Offer from "../pipeline/Prompt.ts"
import { Registry } from "../plugin/Catalogue.ts"
import * as Field from "../plugin/Field.ts"
import { OperationFailed } from "../plugin/Operation.ts"
import * as Prompt from "../plugin/Prompt.ts"
import { Pipelines } from "./Pipelines.ts"
import { Plans } from "./Plans.ts"
import { Projects } from "./Projects.ts"

/** An editor writes a file in several steps, and plugins start one after the other. */
const settled = "100 millis"

/** An argument is no file: a longer text is for a dispatch. */
const Text = Schema.String.check(Schema.isMaxLength(200_000))

/** Planning every pipeline at each start takes megabytes: one without this has no `[prompt]`, however it may be written. */
const hasTable = /^\s*(\[\s*["']?prompt|["']?prompt["']?\s*(\.|=\s*\{))/m

/** Those there are now, and all of them again when they have changed. */
export const make = Effect.gen(function* () {
  const pipelines = yield* Pipelines
  const plans = yield* Plans
  const projects = yield* Projects
  const registry = yield* Registry

  /** Nothing for one that is not offered, or cannot run now. A plugin's prompt keeps its name. */
  const offer = (id: string) =>
    Effect.match(plans.named(id), {
      onFailure: () => [],
      onSuccess: ({ plan: { description, id, inputs, prompt } }): ReadonlyArray<Offer.Offered> =>
        prompt === undefined ? [] : [{ description, id, inputs, prompt }],
    })

  const asksFor = (id: string) =>
    Effect.map(pipelines.get(id), (found) => found !== undefined && hasTable.test(found.text))

  const offers = Effect.gen(function* () {
    const { prompts } = yield* registry.current
    const taken = new Set(prompts.filter(({ plugin }) => plugin !== "core").map(({ name }) => name))
    const free = (yield* pipelines.list).filter(({ id }) => !taken.has(id))
    const maybe = yield* Effect.filter(free, ({ id }) => asksFor(id))
    return (yield* Effect.forEach(maybe, ({ id }) => offer(id))).flat()
  }).pipe(Effect.orElseSucceed((): ReadonlyArray<Offer.Offered> => []))

  const names = {
    project: Effect.map(projects.all, (all) => [...all.keys()]),
    agent: Effect.map(registry.current, ({ agents }) => [...agents.keys()]),
  }

  const complete = (offered: Offer.Offered) => (name: string, typed: string) =>
    Effect.gen(function* () {
      const argument = Offer.argumentsOf(offered).find((one) => one.name === name)
      const named = name === "project" || name === "agent" ? yield* names[name] : []
      const all = argument === undefined ? [] : [...Offer.valuesOf(argument), ...named]
      return [...new Set(all)].filter((value) => value.startsWith(typed)).slice(0, 100)
    }).pipe(Effect.orElseSucceed((): ReadonlyArray<string> => []))

  const promptOf = (offered: Offer.Offered) =>
    Prompt.make({
      name: offered.id,
      title: offered.prompt.title,
      summary: Offer.summaryOf(offered),
      arguments: Schema.Struct(
        Object.fromEntries(
          Offer.argumentsOf(offered).map(({ description, name, required }) => [
            name,
            required ? Field.required(Text, description) : Field.optional(Text, description),
          ]),
        ),
      ),
      render: (args) => Effect.mapError(Offer.message(offered, args as Offer.Arguments), invalid),
      complete: complete(offered),
    })

  return Stream.merge(pipelines.changes, registry.changes).pipe(
    Stream.debounce(settled),
    Stream.mapEffect(() => offers),
    Stream.changesWith((before, after) => same(before) === same(after)),
    Stream.map((all) => all.map(promptOf)),
  )
})

const same = (offers: ReadonlyArray<Offer.Offered>): string =>
  JSON.stringify(offers.map(({ inputs, ...rest }) => ({ ...rest, inputs: [...inputs] })))

const invalid = ({ message }: { readonly message: string }) =>
  new OperationFailed({ code: "invalid", message })
