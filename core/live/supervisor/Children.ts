/** The wrappers that this hub has started itself, while they live. */
import { Effect } from "effect"

const living = new Map<number, Promise<unknown>>()

export const add = (child: { readonly pid: number; readonly exited: Promise<unknown> }): void => {
  living.set(child.pid, child.exited)
  void child.exited.then(() => living.delete(child.pid))
}

/** Returns at once for a process that is none of them. */
export const ended = (pid: number): Effect.Effect<void> => {
  const exited = living.get(pid)
  return exited === undefined ? Effect.void : Effect.asVoid(Effect.promise(() => exited))
}
