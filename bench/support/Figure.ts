/** What a script of this folder measures, and what it has to say at the end. */
import type { Bench } from "./Bench.ts"

/** One line of the table. */
export interface Row {
  readonly what: string
  readonly ours: string
  /** The floor or the peer, measured in the same run. */
  readonly beside: string
  /** Ours beside it: a ratio or a difference. */
  readonly compared: string
  readonly target?: string
  /** Absent where there is no target: the line is there to understand another one by. */
  readonly met?: boolean
  readonly note?: string
  /** The numbers behind the words, for `--json`. */
  readonly numbers?: Readonly<Record<string, unknown>>
}

export interface Figure {
  readonly name: string
  /** One sentence for `--help`. */
  readonly summary: string
  /** Milliseconds it may take, when that is longer than any other: it is measured only when it is named. */
  readonly patience?: number
  readonly run: (bench: Bench) => Promise<ReadonlyArray<Row>>
}

/** This figure cannot be measured here and now. */
export class Skipped extends Error {}
