/** Samples of two or more sides, taken in turns so that a busy moment of the machine meets them all. */

export interface Summary {
  readonly n: number
  readonly p50: number
  readonly p99: number
  readonly min: number
  readonly max: number
}

type Sides<K extends string> = Readonly<Record<K, () => Promise<number>>>

/** A B B A A B …: neither side always runs in the shadow of the other. The first `warm` rounds do not count. */
export const interleave = async <K extends string>(
  rounds: number,
  sides: Sides<K>,
  warm = 3,
): Promise<Record<K, Array<number>>> => {
  const names = Object.keys(sides) as Array<K>
  const taken = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<K, Array<number>>
  for (let round = -warm; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const value = await sides[name]()
      if (round >= 0) taken[name].push(value)
    }
  }
  return taken
}

/** Milliseconds until the work is done. */
export const timed = async (work: () => unknown): Promise<number> => {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** Nearest rank: of fewer than 100 samples the 99th percentile is the largest. */
export const summary = (samples: ReadonlyArray<number>): Summary => {
  if (samples.length === 0) throw new Error("nothing was measured")
  const sorted = samples.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!
  return { n: sorted.length, p50: at(0.5), p99: at(0.99), min: at(0), max: at(1) }
}

export const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ms`
export const both = ({ p50, p99 }: Summary): string => `${ms(p50)} (p99 ${ms(p99)})`
export const ratio = (ours: number, theirs: number): string => `${(ours / theirs).toFixed(2)} ×`
export const more = (value: number): string => `${value < 0 ? "−" : "+"} ${ms(Math.abs(value))}`
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`
