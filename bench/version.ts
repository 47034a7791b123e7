/** How much slower `hub --version` is than a program that only says hello. */
import * as path from "node:path"
import { binary } from "../bin/binary.ts"
import { root } from "../bin/bun.ts"
import type { Figure } from "./support/Figure.ts"
import { compile } from "./support/Program.ts"
import { both, interleave, ratio, summary, timed } from "./support/Samples.ts"

const limit = 1.5

const run = (argv: Array<string>) => () =>
  timed(() => Bun.spawn(argv, { stdio: ["ignore", "ignore", "ignore"] }).exited)

// A program of some size starts in less time than a tiny one, for reasons of Bun's own. The stricter floor counts.
const worker = path.join(root, "core/host/worker.ts")

export const figure: Figure = {
  name: "version",
  summary: "hub --version beside a compiled hello world",
  run: async (bench) => {
    const taken = await interleave(bench.pick(60, 20), {
      ours: run([binary, "--version"]),
      hello: run([await compile(bench, "hello")]),
      large: run([await compile(bench, "hello", [worker])]),
    })
    const [ours, hello, large] = [summary(taken.ours), summary(taken.hello), summary(taken.large)]
    const floor = Math.min(hello.p50, large.p50)
    return [
      {
        what: "`hub --version`",
        ours: both(ours),
        beside: `compiled hello world ${both(hello)}, with the hub's worker beside it ${both(large)}`,
        compared: ratio(ours.p50, floor),
        target: `≤ ${limit} ×`,
        met: ours.p50 / floor <= limit,
        numbers: { ours, hello, large },
      },
    ]
  },
}
