/** The answer of a run as it is stored: its tail within a limit, and where the whole stands. */
import { Effect } from "effect"
import type { StepAnswer } from "../plugin/Step.ts"
import { Files } from "../services/Files.ts"
import { Home } from "../services/Home.ts"
import type { RunEnd } from "./Rows.ts"
import { Store } from "./Store.ts"

/** Characters of an answer that travel through every door. */
const most = 65_536

const size = (text: string): number => new TextEncoder().encode(text).length

export const make = Effect.gen(function* () {
  const files = yield* Files
  const home = yield* Home
  const store = yield* Store

  /** The spool of the attempt that gave the answer. */
  const spooled = Effect.fnUntraced(function* (run_id: string, step: string) {
    const attempts = yield* store.attempts(run_id)
    const last = attempts.findLast((row) => row.step === step && row.state === "succeeded")
    if (last === undefined) return undefined
    const file = `runs/${run_id}/${last.attempt}/out`
    return { file, bytes: yield* files.size(`${home.path}/${file}`) }
  })

  const written = Effect.fnUntraced(function* (run_id: string, text: string) {
    const file = `runs/${run_id}/answer`
    yield* files.write(`${home.path}/${file}`, text)
    return { file, bytes: size(text) }
  })

  return Effect.fnUntraced(function* (run_id: string, answer: StepAnswer) {
    const { data, text, truncated } = answer
    const long = text.length > most
    const reference = Effect.gen(function* () {
      if (truncated === true) return yield* spooled(run_id, answer.by)
      return long ? yield* written(run_id, text) : undefined
    })
    const fits = data !== undefined && JSON.stringify(data).length <= most
    return {
      answer: long ? text.slice(-most) : text,
      answer_data: fits ? data : undefined,
      answer_ref: yield* Effect.orDie(reference),
    } satisfies Partial<RunEnd>
  })
})
