/** The door to the hub of this home, for a command: of the one at work, or of one that is started now. */
import { Effect, Option, Schema, Scope } from "effect"
import type { Need } from "../core/edge/Cli.ts"
import { type Door, HubUnreachable } from "../core/edge/Door.ts"
import * as Connect from "../core/edge/wire/Connect.ts"
import type { Home } from "../core/services/Home.ts"
import { hold, home, patience, socketOf, type Wish } from "./home.ts"
import { type NotStarted, start } from "./starting.ts"

/** The hub at work; when that one ends, what `next` finds. Fails when nobody answers. */
export const find = (at: Home["Service"], { version }: Wish, next?: Effect.Effect<Door, HubUnreachable>) =>
  Connect.connect(socketOf(at), next, version)

/** To look at something needs no hub at work: without one, it is put together in this process for as long as that takes. */
export const connect = Effect.fn("Hub.connect")(function* (
  wish: Wish,
  need: Need,
): Effect.fn.Return<Door, HubUnreachable, Scope.Scope> {
  const at = yield* home
  const fresh = need === "look" ? looking : started
  const scope = yield* Effect.scope
  const found: Effect.Effect<Door, HubUnreachable> = Effect.suspend(() => find(at, wish, either))
  const either = Effect.catch(found, () => fresh(at, wish, found)).pipe(
    Effect.retry({ ...patience, while: ({ held }) => held === true }),
    Scope.provide(scope),
  )
  const door = yield* either
  yield* sameFile(at, wish, door)
  return door
})

const Config = Schema.Struct({ config: Schema.Struct({ file: Schema.String }) })

/** `--config` is for the hub that it starts: where another one is at work, it must not be passed over in silence. */
const sameFile = Effect.fnUntraced(function* (at: Home["Service"], wish: Wish, door: Door) {
  if (wish.config === undefined || door === looked) return
  const status = yield* Effect.option(
    door.call("hub_status", {}, { door: "cli", client: `hub ${wish.version}` }),
  )
  const config = Option.flatMap(status, ({ output }) => Schema.decodeUnknownOption(Config)(output))
  if (Option.isNone(config) || config.value.config.file === wish.config) return
  return yield* new HubUnreachable({
    home: at.path,
    message: `The hub at work reads ${config.value.config.file}. To have it read another file: hub restart --config ${wish.config}`,
  })
})

type Found = Effect.Effect<Door, HubUnreachable>

const started = (at: Home["Service"], wish: Wish, found: Found) =>
  start(at, wish).pipe(
    Effect.catch((error) => reasonOf(at, wish, error)),
    Effect.andThen(found),
  )

/** Of this process: a second look, while the first is not over, goes through the same. */
let looked: Door | undefined

const looking = Effect.fnUntraced(function* (at: Home["Service"], wish: Wish) {
  if (looked !== undefined) return looked
  yield* hold(at, wish)
  const { look } = yield* Effect.promise(() => import("./assemble.ts"))
  const door = yield* look(at, wish)
  return yield* Effect.acquireRelease(
    Effect.sync(() => (looked = door)),
    () => Effect.sync(() => (looked = undefined)),
  )
})

/** What is wrong with a file, a hub in the background can only say in words: this process reads it, and knows more. */
const reasonOf = (at: Home["Service"], wish: Wish, { exit_code, home, message }: NotStarted) =>
  Effect.andThen(
    exit_code === invalid ? Effect.scoped(looking(at, wish)) : Effect.void,
    Effect.fail(new HubUnreachable({ home, message })),
  )

/** Exit code of a hub whose configuration is wrong. */
const invalid = 2
