/**
 * When a run starts: behind the acceptance of those that come close behind it.
 *
 * What a run does at its start keeps the process busy for milliseconds, and whoever hands over ten runs one after the other would wait
 * for the id of each behind the starts of those before it. So the first one starts at once, and the others once nobody has
 * handed over anything for a moment. One in each `spacing` starts even so: a client that never stops holds nobody up.
 */

/** An answer on its way to its client, and what that client asks next on its way here. In milliseconds. */
const quiet = 2

/** Once it is calm so many start at a time: one by one, the last of a hundred starts later than it could. */
const bunch = 8

export class Starts {
  private readonly waiting: Array<() => void> = []
  private accepting = 0
  private accepted = Number.NEGATIVE_INFINITY
  private started = Number.NEGATIVE_INFINITY
  private forget = () => {}

  private readonly spacing: number

  /** In milliseconds. */
  constructor(spacing = 25) {
    this.spacing = spacing
  }

  /** A run is being accepted. Gives what says that it is, or is not. */
  accept(): () => void {
    this.accepting++
    return () => {
      this.accepting--
      this.accepted = performance.now()
      this.plan()
    }
  }

  /** Calls back when it is this one's turn, and never at once. Gives what takes it back. */
  next(go: () => void): () => void {
    this.waiting.push(go)
    this.plan()
    return () => {
      const at = this.waiting.indexOf(go)
      if (at >= 0) this.waiting.splice(at, 1)
    }
  }

  private plan(): void {
    this.forget()
    if (this.waiting.length > 0) this.forget = after(this.left, () => this.turn())
  }

  /** Milliseconds until the next one may start, as far as is known now. */
  private get left(): number {
    const now = performance.now()
    const due = this.started + this.spacing - now
    return Math.max(0, this.accepting > 0 ? due : Math.min(due, this.accepted + quiet - now))
  }

  private get isCalm(): boolean {
    return this.accepting === 0 && performance.now() >= this.accepted + quiet
  }

  private turn(): void {
    if (this.left > 0) return this.plan()
    this.started = performance.now()
    for (const go of this.waiting.splice(0, this.isCalm ? bunch : 1)) go()
    this.plan()
  }
}

/** Gives what takes it back. Not even at once is before what this turn of the loop has to say. */
const after = (milliseconds: number, work: () => void): (() => void) => {
  if (milliseconds > 0) {
    const timer = setTimeout(work, milliseconds)
    return () => clearTimeout(timer)
  }
  const immediate = setImmediate(work)
  return () => clearImmediate(immediate)
}
