/** Answers what the hub asks of a plugin's resources and prompts. */
import { Effect, Stream } from "effect"
import type { Peer } from "../Rpc.ts"
import { type Answers, decoded, type Offered, one } from "./answers.ts"
import { talkOf } from "./talk.ts"

/** Between two changes of one resource: what happens meanwhile is told once. */
const pause = "50 millis"

/** As many as the protocol of clients allows. */
const mostCompletions = 100

export const readings = (offered: Offered, peer: () => Peer): Answers => {
  const resource = (uri: string) => one(offered().resources, (found) => found.uri === uri, `resource ${uri}`)
  const prompt = (name: string) => one(offered().prompts, (found) => found.name === name, `prompt ${name}`)
  return {
    "resource.read": ({ call, caller, uri, variables }) =>
      Effect.flatMap(resource(uri), (found) => found.read(variables, caller, talkOf(peer(), call))),
    "resource.follow": ({ call, uri, variables }) =>
      Effect.flatMap(resource(uri), ({ changes }) =>
        (changes?.(variables) ?? Stream.empty).pipe(
          Stream.buffer({ capacity: 1, strategy: "sliding" }),
          Stream.runForEach(() =>
            Effect.andThen(
              Effect.sync(() => peer().notify("resource.changed", { call })),
              Effect.sleep(pause),
            ),
          ),
        ),
      ),
    "resource.complete": ({ typed, uri, variable }) =>
      Effect.flatMap(resource(uri), ({ complete }) => most(complete?.(variable, typed))),
    "prompt.render": ({ arguments: args, call, prompt: name }) =>
      Effect.flatMap(prompt(name), (found) =>
        Effect.flatMap(decoded(found.arguments, args), (given) => found.render(given, talkOf(peer(), call))),
      ),
    "prompt.complete": ({ argument, others, prompt: name, typed }) =>
      Effect.flatMap(prompt(name), ({ complete }) => most(complete?.(argument, typed, others))),
  }
}

const most = <R>(completions: Effect.Effect<ReadonlyArray<string>, never, R> = Effect.succeed([])) =>
  Effect.map(completions, (found) => found.slice(0, mostCompletions))
