import { Schema } from "effect"
import { agentSuite, assert, probeSuite, recordedSuite, test } from "hub/testing"
import { agentOf, Config } from "./index.ts"

const ember = agentOf("ember", Schema.decodeUnknownSync(Config)({}))

agentSuite(ember)
probeSuite(ember)
recordedSuite(ember, new URL("./fixtures", import.meta.url))

test("a session is gone on with by its id", () => {
  const launched = ember.launch({
    run_id: "r",
    attempt: 1,
    prompt: "go on",
    cwd: "/work",
    dir: "/attempt",
    prompt_file: "/attempt/prompt",
    session: { id: "s-1" },
  })
  assert("args" in launched && launched.args.join(" ").endsWith("--session s-1"))
})
