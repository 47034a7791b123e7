/** The hub behind a socket, as a door. */
import { Effect, Schema } from "effect"
import { type Caller, OperationCode, OperationFailed } from "../../plugin/Operation.ts"
import { silent, type Talk } from "../../plugin/Talk.ts"
import { maxInputBytes } from "../Call.ts"
import { type Answered, Described, type Door, HubUnreachable } from "../Door.ts"
import { maxLine } from "./Cutter.ts"
import { answers as isAnswered, type Hearing, type Link, Nobody, open, Refusal } from "./Link.ts"
import { type Ask, PROTOCOL } from "./Protocol.ts"

/** The hub ends, or is gone. What it had not begun, and what only looks, may be asked again elsewhere. */
class HubEnding extends Schema.TaggedError<HubEnding>()("HubEnding", { hasBegun: Schema.Boolean }) {}

type Failed = OperationFailed | HubEnding

const Told = Schema.fromJsonString(
  Schema.Union([
    Schema.Struct({ id: Schema.Int, operations: Schema.Array(Described) }),
    Schema.Struct({ id: Schema.Int, output: Schema.Unknown, text: Schema.optionalKey(Schema.String) }),
    Schema.Struct({
      id: Schema.Int,
      error: Schema.Struct({
        code: OperationCode,
        message: Schema.String,
        details: Schema.optionalKey(Schema.Unknown),
      }),
    }),
    Schema.Struct({
      id: Schema.Int,
      progress: Schema.Struct({
        done: Schema.Finite,
        total: Schema.optionalKey(Schema.Finite),
        message: Schema.optionalKey(Schema.String),
      }),
    }),
    Schema.Struct({ id: Schema.Int, ending: Schema.Literal(true) }),
    Schema.Struct({ refused: Schema.Struct({ reason: Schema.String, message: Schema.String }) }),
  ]),
)
type Told = typeof Told.Type

/** Does anybody listen on `path`? */
export const answers = (path: string): Effect.Effect<boolean> => Effect.promise(() => isAnswered(path))

/**
 * A door to the hub that serves on `path`, over one connection that is opened again when it is lost; once nobody serves
 * there, to what `next` finds. Fails when nobody answers now. `version` is that of the program that asks.
 */
export const connect = Effect.fn("Wire.connect")(function* (
  path: string,
  next: Effect.Effect<Door, HubUnreachable> = Effect.fail(nobody(path)),
  version = "unknown",
): Effect.fn.Return<Door, HubUnreachable> {
  const lines = new Lines(path, version)
  yield* Effect.mapError(lines.line, (error) =>
    error._tag === "HubEnding"
      ? nobody(path)
      : new HubUnreachable({ home: homeOf(path), message: error.message }),
  )
  return remote(lines, next)
})

const homeOf = (path: string): string => path.replace(/\/[^/]*$/, "")

const nobody = (path: string): HubUnreachable =>
  new HubUnreachable({
    home: homeOf(path),
    message: `No hub answers on ${path}. Start one with \`hub start\`.`,
  })

const remote = (lines: Lines, next: Effect.Effect<Door, HubUnreachable>): Door => {
  let moved: Door | undefined
  const move = next.pipe(
    Effect.mapError(({ message }) => new OperationFailed({ code: "unavailable", message })),
    Effect.tap((door) => Effect.sync(() => (moved = door))),
  )
  const through = <A>(
    here: Effect.Effect<A, Failed>,
    there: (door: Door) => Effect.Effect<A, OperationFailed>,
    mayRepeat: () => boolean,
  ): Effect.Effect<A, OperationFailed> => {
    const orElse = <E>(one: Effect.Effect<A, Failed>, other: Effect.Effect<A, E>) =>
      Effect.catch(one, (error): Effect.Effect<A, E | OperationFailed> => {
        if (error._tag !== "HubEnding") return Effect.fail(error)
        return error.hasBegun && !mayRepeat() ? lost : other
      })
    // A hub that was started again serves at the same place.
    const again = orElse(here, Effect.flatMap(move, there))
    return Effect.suspend(() => (moved === undefined ? orElse(here, again) : there(moved)))
  }
  return {
    operations: through(
      lines.operations,
      (door) => door.operations,
      () => true,
    ),
    call: (name, input, caller, talk) =>
      Effect.suspend(() => {
        const own = { ...caller, call_key: caller.call_key ?? crypto.randomUUID() }
        return through(
          lines.call(name, input, own, talk),
          (door) => door.call(name, input, own, talk),
          () => lines.repeatable.has(name),
        )
      }),
  }
}

/** Nobody knows what became of a call that changes something. */
const lost = Effect.suspend(() => Effect.fail(gone("went away before it answered")))

const gone = (what: string): OperationFailed =>
  new OperationFailed({
    code: "unavailable",
    message: `The hub ${what}. Runs that it accepted go on; \`hub doctor\` tells more.`,
  })

type Wanted = { readonly operations: true } | Pick<Extract<Ask, { call: unknown }>, "call">

const said = (ask: Ask): string => `${JSON.stringify(ask)}\n`

interface Waiting {
  readonly told: (told: Told) => void
  readonly failed: (error: Failed) => void
}

/** Opens a connection for the first call, and another when that one is of no use any more. */
class Lines {
  repeatable: ReadonlySet<string> = new Set()
  private opening: Promise<Line> | undefined
  private current: Line | undefined

  private readonly path: string
  private readonly version: string

  constructor(path: string, version: string) {
    this.path = path
    this.version = version
  }

  readonly line: Effect.Effect<Line, Failed> = Effect.tryPromise({
    try: () => (this.opening ??= this.open()),
    catch: (cause) => {
      this.opening = undefined
      if (cause instanceof Nobody) return new HubEnding({ hasBegun: false })
      if (cause instanceof Refusal && cause.reason === "ending") return new HubEnding({ hasBegun: false })
      const message = cause instanceof Error ? cause.message : String(cause)
      return new OperationFailed({ code: "unavailable", message })
    },
  })

  readonly operations: Effect.Effect<ReadonlyArray<Described>, Failed> = Effect.flatMap(
    Effect.suspend(() => this.ask({ operations: true })),
    (told) => ("operations" in told ? Effect.succeed(told.operations) : Effect.fail(strange)),
  )

  readonly call = (
    name: string,
    input: unknown,
    caller: Caller,
    talk?: Talk,
  ): Effect.Effect<Answered, Failed> =>
    Effect.flatMap(this.ask({ call: { name, input, caller } }, talk?.progress), (told) =>
      "output" in told ? Effect.succeed(answeredOf(told)) : Effect.fail(strange),
    )

  private readonly ask = (what: Wanted, progress?: Talk["progress"]) =>
    Effect.flatMap(this.line, (line) => line.ask(what, progress))

  private async open(): Promise<Line> {
    const line = new Line(() => {
      if (this.current === line) this.opening = undefined
    })
    this.current = line
    const hello = { protocol: PROTOCOL, kind: "calls", version: this.version } as const
    line.link = await open(this.path, hello, line)
    // A connection that nobody waits on keeps no program from its end.
    line.link.keepAlive(false)
    this.repeatable = new Set(line.link.welcome?.repeatable)
    return line
  }
}

/** One connection, and the calls under way on it. */
class Line implements Hearing {
  link: Link | undefined
  private readonly waiting = new Map<number, Waiting>()
  private count = 0

  private readonly retire: () => void

  /** `retire`: nothing more is to be asked here. */
  constructor(retire: () => void) {
    this.retire = retire
  }

  readonly ask = Effect.fnUntraced(
    { self: this },
    function* (
      this: Line,
      what: Wanted,
      progress: Talk["progress"] = silent.progress,
    ): Effect.fn.Return<Told, Failed> {
      const { link } = this
      if (link === undefined || link.isClosed) return yield* new HubEnding({ hasBegun: false })
      const id = ++this.count
      const line = said({ id, ...what })
      if (Buffer.byteLength(line) > maxLine) return yield* tooLarge
      const fork = Effect.runForkWith(yield* Effect.context<never>())
      return yield* Effect.callback<Told, Failed>((resume) => {
        this.waiting.set(id, {
          told: (told) => ("progress" in told ? fork(progress(told.progress)) : resume(ended(told))),
          failed: (error) => resume(Effect.fail(error)),
        })
        link.keepAlive(true)
        link.write(line)
        return Effect.sync(() => this.cancel(link, id))
      })
    },
  )

  line(bytes: Buffer): void {
    const told = Schema.decodeUnknownOption(Told)(bytes.toString("utf8"))
    if (told._tag === "None") return this.over(strange)
    if ("refused" in told.value) return this.over(gone(`says: ${told.value.refused.message}`))
    if ("ending" in told.value) this.retire()
    const { id } = told.value
    const waiting = this.waiting.get(id)
    if (!("progress" in told.value)) this.left(id)
    waiting?.told(told.value)
  }

  tooLong(): void {
    this.over(strange)
  }

  lost(): void {
    this.over(new HubEnding({ hasBegun: true }))
  }

  private left(id: number): void {
    this.waiting.delete(id)
    if (this.waiting.size === 0) this.link?.keepAlive(false)
  }

  private cancel(link: Link, id: number): void {
    if (!this.waiting.has(id)) return
    link.write(said({ cancel: id }))
    this.left(id)
  }

  private over(error: Failed): void {
    this.retire()
    this.link?.end()
    const waiting = [...this.waiting.values()]
    this.waiting.clear()
    for (const { failed } of waiting) failed(error)
  }
}

const ended = (told: Told): Effect.Effect<Told, Failed> => {
  if ("error" in told) return Effect.fail(new OperationFailed(told.error))
  if ("ending" in told) return Effect.fail(new HubEnding({ hasBegun: false }))
  return Effect.succeed(told)
}

const answeredOf = ({ output, text }: { readonly output: unknown; readonly text?: string }): Answered => ({
  output,
  ...(text === undefined ? {} : { text }),
})

const strange = gone("answered with something else")

const tooLarge = new OperationFailed({
  code: "invalid",
  message: `The input is larger than ${maxInputBytes / 1_000_000} MB.`,
})
