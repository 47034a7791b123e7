/** The HTTP door of the daemon: open, closed or elsewhere as `[serve]` says now, while everything else goes on. */
import { Deferred, Effect, Exit, Ref, Scope, Stream } from "effect"
import type { ServeFlags } from "../core/edge/extras/daemon/Flags.ts"
import type { Http } from "../core/edge/extras/Status.ts"
import type { Serve } from "../core/host/Settings.ts"
import { about } from "../core/services/Log.ts"

/** Opens the door until its scope closes. */
export type Open = (
  settings: Serve,
) => Effect.Effect<{ readonly url: string }, { readonly message: string }, Scope.Scope>

/** What the command line says instead of the file. Naming an address or a port means that the door is wanted. */
type Flags = Pick<ServeFlags, "host" | "http" | "open" | "port">

export const asks = ({ host, http, open, port }: Flags): boolean =>
  http || open || host !== undefined || port !== undefined

export const over = (flags: Flags, settings: Serve): Serve => ({
  ...settings,
  http: settings.http || asks(flags),
  open: settings.open || flags.open,
  host: flags.host ?? settings.host,
  port: flags.port ?? settings.port,
})

/** Returns once the door is as the first settings say; how it stands is told by what is returned. */
export const follow = Effect.fn("HttpDoor.follow")(function* (settings: Stream.Stream<Serve>, open: Open) {
  const around = yield* Effect.scope
  const state = yield* Ref.make<Http | undefined>(undefined)
  const opened = yield* Ref.make<Scope.Closeable | undefined>(undefined)
  const close = Effect.flatMap(Ref.getAndSet(opened, undefined), (scope) =>
    scope === undefined ? Effect.void : Scope.close(scope, Exit.void),
  )

  const take = Effect.fnUntraced(function* (now: Serve) {
    yield* close
    yield* Ref.set(state, undefined)
    if (!now.http) return
    const scope = yield* Scope.fork(around)
    yield* Ref.set(opened, scope)
    yield* Effect.matchEffect(Scope.provide(open(now), scope), {
      onSuccess: ({ url }) =>
        Effect.andThen(
          Effect.logInfo(`HTTP is served on ${url}, ${now.open ? "to everyone" : "to who has a token"}`),
          Ref.set(state, { url, access: now.open ? "open" : "tokens" }),
        ),
      onFailure: ({ message }) =>
        Effect.andThen(Effect.logError(message), Ref.set(state, { problem: message })),
    })
  })

  const each = Stream.changesWith(settings, (a, b) => JSON.stringify(a) === JSON.stringify(b))
  const isAsSaid = yield* Deferred.make<void>()
  yield* Effect.forkScoped(
    Stream.runForEach(each, (now) => Effect.andThen(take(now), Deferred.succeed(isAsSaid, undefined))).pipe(
      about({ component: "http" }),
    ),
  )
  yield* Deferred.await(isAsSaid)
  return { state: Ref.get(state) }
})
