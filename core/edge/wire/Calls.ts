/** The calls of one connection: several at once, each told its end, and each ended with its client. */
import { Cause, Effect, Exit, type Fiber, Result, Schema } from "effect"
import { present } from "../../dispatch/Present.ts"
import { Caller, OperationFailed } from "../../plugin/Operation.ts"
import { type Progress, silent } from "../../plugin/Talk.ts"
import { errorOf, failureOf, maxInputBytes } from "../Call.ts"
import type { Answered, Door } from "../Door.ts"
import type { Connection, Work } from "./Connection.ts"
import type { Told } from "./Protocol.ts"

/** Calls of one connection that may be under way. */
const maxCalls = 1_000

/** Bytes that wait for a client above which it is told no more of how far things are. */
const maxWaiting = 1_000_000

const Id = Schema.Int

const Asked = Schema.fromJsonString(
  Schema.Union([
    Schema.Struct({ id: Id, operations: Schema.Literal(true) }),
    Schema.Struct({
      id: Id,
      call: Schema.Struct({
        name: Schema.String,
        input: Schema.optionalKey(Schema.Unknown),
        caller: Caller,
      }),
    }),
    Schema.Struct({ cancel: Id }),
  ]),
)
type Asked = typeof Asked.Type
type Call = Extract<Asked, { call: unknown }>["call"]

const decode = Schema.decodeUnknownResult(Asked, { onExcessProperty: "error" })

export type Fork = <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>

interface UnderWay {
  readonly isLooking: boolean
  readonly fiber: Fiber.Fiber<unknown, unknown>
}

export class Calls implements Work {
  private readonly open = new Map<number, UnderWay>()
  private isEnding = false
  private whenLeft: (() => void) | undefined

  private readonly connection: Connection
  private readonly door: Door
  private readonly fork: Fork
  private readonly isLooking: (name: string) => boolean

  /** `isLooking`: may the operation be broken off, and asked again of the next hub? */
  constructor(connection: Connection, door: Door, fork: Fork, isLooking: (name: string) => boolean) {
    this.connection = connection
    this.door = door
    this.fork = fork
    this.isLooking = isLooking
  }

  line(bytes: Buffer): void {
    const decoded = decode(bytes.toString("utf8"))
    if (Result.isFailure(decoded)) return this.malformed(`This line is no call. ${decoded.failure.message}`)
    const asked = decoded.success
    if ("cancel" in asked) return this.cancel(asked.cancel)
    if (this.open.has(asked.id)) return this.malformed(`Two calls have the id ${asked.id}.`)
    if (this.isEnding) return this.tell({ id: asked.id, ending: true })
    if (this.open.size >= maxCalls) return this.tell({ id: asked.id, error: tooMany })
    if ("operations" in asked)
      this.begin(
        asked.id,
        true,
        Effect.map(this.door.operations, (operations) => ({ operations })),
      )
    else this.begin(asked.id, this.isLooking(asked.call.name), this.called(asked.id, asked.call))
  }

  tooLong(head: Buffer): void {
    const id = /^\{"id":(\d{1,15}),/.exec(head.toString("latin1"))?.[1]
    if (id === undefined) return this.malformed(tooLarge.message)
    this.tell({ id: Number(id), error: tooLarge })
  }

  gone(): void {
    this.stop()
  }

  finish(): Promise<void> {
    this.isEnding = true
    for (const { fiber, isLooking } of this.open.values()) if (isLooking) fiber.interruptUnsafe()
    return this.open.size === 0 ? Promise.resolve() : new Promise((resolve) => (this.whenLeft = resolve))
  }

  stop(): void {
    for (const { fiber } of this.open.values()) fiber.interruptUnsafe()
  }

  private called(id: number, { caller, input, name }: Call) {
    const progress = (progress: Progress) => Effect.sync(() => this.say(id, progress))
    return Effect.map(this.door.call(name, input, caller, { ...silent, progress }), plainly)
  }

  private say(id: number, progress: Progress): void {
    if (this.connection.pile < maxWaiting) this.tell({ id, progress: present(progress) })
  }

  private begin(id: number, isLooking: boolean, work: Effect.Effect<object, OperationFailed>): void {
    const fiber = this.fork(work)
    this.open.set(id, { isLooking, fiber })
    fiber.addObserver((exit) => {
      this.open.delete(id)
      const isBrokenOff = this.isEnding && isLooking && Exit.hasInterrupts(exit)
      this.tell(isBrokenOff ? { id, ending: true } : told(id, exit))
      if (this.open.size === 0) this.whenLeft?.()
    })
  }

  private cancel(id: number): void {
    this.open.get(id)?.fiber.interruptUnsafe()
  }

  private tell(told: Told): void {
    this.connection.tell(told)
  }

  private malformed(message: string): void {
    this.connection.refuse("malformed", message.slice(0, 2_000))
  }
}

const tooMany = errorOf(
  new OperationFailed({
    code: "too_many",
    message: `${maxCalls} calls of this client are under way. Wait for one of them.`,
  }),
)

const tooLarge = errorOf(
  new OperationFailed({
    code: "invalid",
    message: `The input is larger than ${maxInputBytes / 1_000_000} MB.`,
  }),
)

const plainly = ({ output, text }: Answered) => ({
  // JSON has no undefined, and an output there must be.
  output: output ?? null,
  ...(text === undefined ? {} : { text }),
})

const broke = new OperationFailed({
  code: "unavailable",
  message: "The hub broke. Runs that it accepted go on; `hub doctor` tells more.",
})

const told = (id: number, exit: Exit.Exit<object, OperationFailed>): Told => {
  if (Exit.isSuccess(exit)) return { id, ...exit.value } as Told
  return { id, error: errorOf(Cause.hasDies(exit.cause) ? broke : (failureOf(exit) ?? broke)) }
}
