/** How a program of ours is compiled: the hub itself, and those that tests and the bench put in its place or beside it. */
import type { BuildConfig } from "bun"

/** `target`: another system's program; this machine's when left out. */
export const compiling = (outfile: string, target?: string) =>
  ({
    target: "bun",
    format: "esm",
    splitting: true,
    minify: true,
    bytecode: true,
    sourcemap: "linked",
    // Nothing in the folder that hub is started in may change what hub is.
    compile: {
      outfile,
      ...(target === undefined ? {} : { target: `bun-${target}` as never }),
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: true, // for plugins that bring packages of their own; read beside the plugin only
    },
  }) satisfies Partial<BuildConfig>
