/** What the host knows of each instance: what runs now, and what is remembered of it over its starts. */
import type { Scope } from "effect"
import type { Source } from "./Source.ts"
import type { Started } from "./Start.ts"

/** One start of an instance. A failed one stays, with nothing in its scope, so that a reload without a change leaves it alone. */
export interface Running {
  /** Another key: it has to start anew. */
  readonly key: string
  readonly source: Source | undefined
  /** Also tells one start from the next. */
  readonly scope: Scope.Closeable
}

interface Past {
  readonly starts: number
  /** How often its worker or process was lost since it, or plugins.toml, was changed. */
  readonly lost: number
  readonly source: Source | undefined
  readonly config: Started["config"]
}

const unknown: Past = { starts: 0, lost: 0, source: undefined, config: undefined }

export class Instances {
  private readonly running = new Map<string, Running>()
  private readonly past = new Map<string, Past>()

  now(name: string): Running | undefined {
    return this.running.get(name)
  }

  /** Whether this very start is the one that counts: not stopped, nor started anew meanwhile. */
  isNow(name: string, scope: Scope.Closeable): boolean {
    return this.running.get(name)?.scope === scope
  }

  set(name: string, running: Running): void {
    this.running.set(name, running)
    this.note(name, { source: running.source })
  }

  /** Takes it out, and gives it. */
  remove(name: string): Running | undefined {
    const found = this.running.get(name)
    this.running.delete(name)
    return found
  }

  /** In the order in which they are stopped: the newest first. */
  get newestFirst(): ReadonlyArray<string> {
    return [...this.running.keys()].toReversed()
  }

  of(name: string): Past {
    return this.past.get(name) ?? unknown
  }

  note(name: string, more: Partial<Past>): void {
    this.past.set(name, { ...this.of(name), ...more })
  }

  /** Of every instance there has been. */
  get sources(): ReadonlyArray<Source> {
    return [...this.past.values()].flatMap(({ source }) => (source === undefined ? [] : [source]))
  }
}
