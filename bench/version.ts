/** How much slower `hub --version` is than a program that only says hello. */
import { binary } from "../bin/binary.ts"
import type { Figure } from "./support/Figure.ts"
import { compile } from "./support/Program.ts"
import { both, interleave, ratio, summary, timed } from "./support/Samples.ts"

const limit = 1.5

const run = (argv: Array<string>) => () =>
  timed(() => Bun.spawn(argv, { stdio: ["ignore", "ignore", "ignore"] }).exited)

export const figure: Figure = {
  name: "version",
  summary: "hub --version beside a compiled hello world",
  run: async (bench) => {
    const hello = await compile(bench, "hello")
    const sides = { ours: run([binary, "--version"]), hello: run([hello]) }
    const taken = await interleave(bench.pick(60, 20), sides)
    const [ours, floor] = [summary(taken.ours), summary(taken.hello)]
    return [
      {
        what: "`hub --version`",
        ours: both(ours),
        beside: `compiled hello world ${both(floor)}`,
        compared: ratio(ours.p50, floor.p50),
        target: `≤ ${limit} ×`,
        met: ours.p50 / floor.p50 <= limit,
        numbers: { ours, floor },
      },
    ]
  },
}
