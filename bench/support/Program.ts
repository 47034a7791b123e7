/** Peers, compiled as `bin/build.ts` compiles the hub. */
import * as path from "node:path"
import { compiling } from "../../bin/compiling.ts"
import type { Bench } from "./Bench.ts"

/** Compiles `bench/fixtures/NAME.ts`, with `others` beside it, into a folder of the bench and gives the program's path. */
export const compile = async (
  bench: Bench,
  name: string,
  others: ReadonlyArray<string> = [],
): Promise<string> => {
  const outfile = path.join(bench.folder(), name)
  await Bun.build({
    ...compiling(outfile),
    entrypoints: [path.join(import.meta.dir, "../fixtures", `${name}.ts`), ...others],
    root: path.join(import.meta.dir, "../.."),
  })
  return outfile
}
