/** A look at an installed program as data: most agents need no more. */
import { Effect } from "effect"
import type { Probe, ProbedFlags, Prober } from "./Agent.ts"

export interface Look {
  /** A name on PATH, or an absolute path. */
  readonly program: string
  /** What the plugin's config adds to the environment. */
  readonly env: Readonly<Record<string, string>>
  /** The version that the adapter was made with. */
  readonly seen: string
  /** `asked`: `--version` answers within 0.2 s. `packaged`: it takes longer, so the npm package around it is read first. */
  readonly version: "asked" | "packaged"
  readonly flags: ProbedFlags
  readonly login: (place: Place) => Login
}

/** Where the program keeps its things. */
export interface Place {
  readonly home: string
  /** As the program gets it; an empty one is none. */
  readonly env: (name: string) => string | undefined
}

/** What shows that somebody is logged in: any of them. */
export interface Login {
  readonly env: ReadonlyArray<string>
  /** Absolute. Whether they are there is all that is looked at. */
  readonly files: ReadonlyArray<string>
  /** There is no other way: without any of them nobody is logged in. */
  readonly complete: boolean
  /** What a person does to log in, a full sentence. */
  readonly advice: string
}

export const probe =
  (look: Look) =>
  (prober: Prober): Effect.Effect<Probe> =>
    prober.which(look.program).pipe(
      Effect.flatMap((path) => installed(look, prober, path)),
      Effect.catch((error) => Effect.succeed({ installed: false, seen: look.seen, notes: [error.message] })),
    )

const installed = Effect.fnUntraced(function* (look: Look, prober: Prober, path: string) {
  const { flags, login, seen } = look
  const version = yield* versionOf(look, prober, path)
  const env = (name: string): string | undefined => {
    const value = look.env[name] ?? prober.env(name)
    return value === "" ? undefined : value
  }
  const shown = login({ home: prober.home, env })
  const logged_in = yield* loggedIn(shown, prober, env)
  return {
    installed: true,
    path,
    seen,
    flags,
    login: shown.advice,
    notes: [],
    ...(version === undefined ? {} : { version }),
    ...(logged_in === undefined ? {} : { logged_in }),
  } satisfies Probe
})

const versionOf = Effect.fnUntraced(function* ({ version }: Look, prober: Prober, path: string) {
  const packaged = version === "packaged" ? yield* prober.packaged(path) : undefined
  if (packaged !== undefined) return packaged
  const said = yield* Effect.option(prober.run(path, ["--version"]))
  return said._tag === "Some" ? versionIn(said.value.stdout) : undefined
})

/** The first version number in a text, without what ends the sentence. */
export const versionIn = (text: string): string | undefined => /\d+\.\d+(?:[.+-]?\w+)*/.exec(text)?.[0]

const loggedIn = Effect.fnUntraced(function* (login: Login, prober: Prober, env: Place["env"]) {
  if (login.env.some((name) => env(name) !== undefined)) return true
  const there = yield* Effect.forEach(login.files, prober.exists)
  if (there.includes(true)) return true
  return login.complete ? false : undefined
})
