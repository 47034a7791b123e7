/** Pipelines as resources: what there is, and each as it is written. */
import { Effect, Stream } from "effect"
import { Registry } from "../../plugin/Catalogue.ts"
import * as Resource from "../../plugin/Resource.ts"
import { calm } from "../Calm.ts"
import { pipelinesNow } from "../operations/pipelines.ts"
import { byName } from "../operations/sources.ts"
import { Pipelines } from "../Pipelines.ts"
import { Plans } from "../Plans.ts"
import { said } from "../Refusal.ts"
import { json } from "./json.ts"

export const make = Effect.gen(function* () {
  const pipelines = yield* Pipelines
  const registry = yield* Registry
  const services = { pipelines, plans: yield* Plans, registry }
  const all = Effect.map(pipelinesNow(services), json)

  /** The first reading is the one from which it changes. What cannot be read now is no change. */
  const since = <E>(news: Stream.Stream<unknown>, reading: Effect.Effect<string | undefined, E>) =>
    calm(news).pipe(
      Stream.mapEffect(() => Effect.orElseSucceed(reading, () => undefined)),
      Stream.changes,
      Stream.drop(1),
    )

  return [
    Resource.make({
      uri: "hub://pipelines",
      name: "pipelines",
      title: "Pipelines",
      summary: "The pipelines that a dispatch can name, as list_pipelines tells them.",
      mime: "application/json",
      read: () => said(all),
      changes: () => since(Stream.merge(pipelines.changes, registry.changes), all),
    }),
    Resource.make({
      uri: "hub://pipelines/{id}",
      name: "pipeline",
      title: "Pipeline",
      summary: "A pipeline as it is written.",
      mime: "application/toml",
      read: ({ id = "" }) => said(Effect.map(byName(pipelines, id), ({ text }) => text)),
      changes: ({ id = "" }) => since(pipelines.changes, pipelines.stamp(id)),
      complete: (_, typed) =>
        pipelines.list.pipe(
          Effect.map((list) => list.map(({ id }) => id).filter((id) => id.startsWith(typed))),
          Effect.orElseSucceed(() => []),
        ),
    }),
  ]
})
