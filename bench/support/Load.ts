/** Calls of the trivial tool, one after the other or many at once. */
import { timed } from "./Samples.ts"

export type Call = () => Promise<void>

export interface Side {
  readonly alone: Call
  /** Calls in a second: each of `callers` calls again as soon as it is answered. */
  readonly together: () => Promise<number>
}

/** `calls`: of each caller, in one round. */
export const side = (callers: ReadonlyArray<Call>, calls: number): Side => {
  const [alone] = callers
  if (alone === undefined) throw new Error("nobody calls")
  const work = async (call: Call) => {
    for (let i = 0; i < calls; i++) await call()
  }
  return {
    alone,
    together: async () =>
      (callers.length * calls * 1000) / (await timed(() => Promise.all(callers.map(work)))),
  }
}

/** So many callers of one client. */
export const inFlight = (call: Call, count: number): ReadonlyArray<Call> =>
  Array.from({ length: count }, () => call)

export const perSecond = (value: number): string => `${Math.round(value)} calls/s`
