/** Picks the one door that is needed. Nothing else is loaded: `hub --version` is as quick as a program that only says hello. */
declare const HUB_VERSION: string
declare const HUB_COMMIT: string

const built = typeof HUB_VERSION === "string"
const version = built ? HUB_VERSION : "0.0.0-source"
/** Program and first arguments that start this hub again. */
const self = built ? [process.execPath] : [process.execPath, Bun.main]
const [first, ...rest] = process.argv.slice(2)
/** Of `serve --stdio`: not a shim. */
const isElsewhere = (flag: string): boolean => ["--standalone", "--help", "-h"].includes(flag)

if ((first === "--version" || first === "-V") && rest.length === 0) {
  process.stdout.write(built ? `hub ${HUB_VERSION} (${HUB_COMMIT})\n` : "hub from source\n")
} else if (first === "__plugin") {
  void import("../core/host/PluginProcess.ts").then(({ runPluginProcess }) => runPluginProcess(rest[0] ?? ""))
} else if (first === "serve" && rest.includes("--stdio") && !rest.some(isElsewhere)) {
  void import("./stdio.ts").then(({ stdio }) => stdio({ version, self, flags: rest }))
} else {
  void import("./main.ts").then(({ main }) => main({ version, self, argv: process.argv.slice(2) }))
}
