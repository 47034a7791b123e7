/** Ending an attempt: asked first, forced after the grace, until nothing of it is left. */
import { type Duration, Effect } from "effect"
import * as Children from "./Children.ts"
import * as Proc from "./Proc.ts"
import * as Spool from "./Spool.ts"
import * as Watch from "./Watch.ts"

/** Longest wait for processes that were killed already: one that hangs in the kernel cannot be waited for. */
const killed_ms = 10_000

/**
 * TERM to the group and to those who left it, KILL after the grace. Idempotent.
 *
 * Who left the group is known by the attempt's mark in its environment, or, without one, by its parents. A process that has cleared
 * its environment, has left the session and has lost its parent bears no trace of the attempt: it stays.
 */
export const end = Effect.fn("Supervisor.end")(function* (begun: Watch.Begun, grace: Duration.Duration) {
  const { claim, dir } = begun
  const carriers = yield* Proc.marked("HUB_ATTEMPT", dir)
  const running = claim !== null && Proc.alive(claim)
  const all = running ? [...carriers, ...Proc.descendants([claim.pid])] : carriers
  if (!running && all.length === 0) return yield* reaped(begun)
  const outside = running ? all.filter(({ group }) => group !== claim.pid) : all
  for (const one of outside) Proc.signal(one, "SIGTERM")
  const departed = Effect.timeoutOption(vanished(outside), grace)
  yield* running
    ? Effect.all([endGroup(begun, claim, grace), departed], { concurrency: "unbounded" })
    : departed
  // Those of the group too: killed with the wrapper, they may end a little after it.
  yield* killTree(all.filter(Proc.same))
  yield* killMarked("HUB_ATTEMPT", dir)
  yield* reaped(begun)
})

/** A wrapper that is dead for the system is so for this hub once its end has been heard. */
const reaped = (begun: Watch.Begun) =>
  begun.child === undefined ? Effect.void : Effect.timeoutOption(Watch.departure(begun), killed_ms)

/** With what they have started since they were found. */
const killTree = (found: ReadonlyArray<Proc.Found>): Effect.Effect<unknown> => {
  if (found.length === 0) return Effect.void
  const all = [...found, ...Proc.descendants(found.map(({ pid }) => pid))]
  for (const one of all) Proc.signal(one, "SIGKILL")
  return Effect.timeoutOption(vanished(all), killed_ms)
}

const endGroup = Effect.fnUntraced(function* (
  begun: Watch.Begun,
  claim: Spool.Claim,
  grace: Duration.Duration,
) {
  Spool.ending(begun.dir)
  Proc.send(-claim.pid, "SIGTERM")
  yield* Effect.timeoutOption(Watch.departure(begun), grace)
  if (!Proc.alive(claim)) return
  // The wrapper is killed with its group, so its last word is said for it.
  Spool.conclude(begun.dir, "137 -")
  Proc.send(-claim.pid, "SIGKILL")
  yield* Effect.timeoutOption(Watch.departure(begun), killed_ms)
})

/** KILL until none is left. Gives how many there were. */
export const killMarked = Effect.fn("Supervisor.killMarked")(function* (name: Proc.Mark, value: string) {
  const all = new Set<string>()
  const kill = Effect.gen(function* () {
    for (;;) {
      const found = yield* Proc.marked(name, value)
      for (const one of found) all.add(`${one.pid} ${one.born}`)
      for (const one of killGroups(found)) Proc.signal(one, "SIGKILL")
      yield* vanished(found)
      // A stray may have started another one meanwhile, and a group may still be ending with one that it was just starting.
      if (found.length === 0 || isFamily(found)) return
    }
  })
  yield* Effect.timeoutOption(kill, killed_ms)
  return all.size
})

/** A group is killed at once, with whatever its members are just starting. Gives those who are in no such group. */
const killGroups = (found: ReadonlyArray<Proc.Found>): ReadonlyArray<Proc.Found> => {
  const leaders = found.filter(({ group, pid }) => group === pid)
  for (const one of leaders) Proc.signalGroup(one, "SIGKILL")
  const groups = new Set(leaders.map(({ pid }) => pid))
  return found.filter(({ group }) => !groups.has(group))
}

/** A group in which nobody but its leader has lost a parent: a wrapper whose program has left nothing, as most do. */
const isFamily = (found: ReadonlyArray<Proc.Found>): boolean => {
  const pids = new Set(found.map(({ pid }) => pid))
  const [root, ...others] = found.filter(({ parent }) => !pids.has(parent))
  return root !== undefined && others.length === 0 && found.every(({ group }) => group === root.pid)
}

/**
 * The hub's own children tell when they end. Strangers do not, so they are looked at, ever more slowly, while they are being
 * ended.
 */
const vanished = Effect.fnUntraced(function* (found: ReadonlyArray<Proc.Found>) {
  for (const { pid } of found) yield* Children.ended(pid)
  for (let ms = 1; found.some(Proc.same); ms = Math.min(ms * 2, 50)) yield* Proc.pause(ms)
})
