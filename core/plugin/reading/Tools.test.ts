import { expect, test } from "bun:test"
import { Tools } from "./Tools.ts"
import { Transcript } from "./Transcript.ts"

const names = { shell: "Bash", todo: "Todo", question: "Ask", editors: { Write: "add", Edit: "update" } }
const fresh = () => new Tools(new Transcript({ agent: "acme", seen: [] }), names)

test("a command is told with its words when it starts, and again when it ends", () => {
  const tools = fresh()
  expect(tools.started("1", "Bash", { command: "ls" })).toEqual([
    { type: "command_started", data: { command: "ls", id: "1" } },
  ])
  expect(tools.finished("1", { ok: false, result: "no", exit_code: 2 })).toEqual([
    {
      type: "command_finished",
      data: { command: "ls", output: "no", status: "failed", exit_code: 2, id: "1" },
    },
  ])
})

test("an editor that went well has changed its file; one that failed, or reads only, has not", () => {
  const tools = fresh()
  const typesOf = (id: string, tool: string, ok: boolean) => {
    tools.started(id, tool, { file_path: "/a" })
    return tools.finished(id, { ok, result: "" }).map(({ type }) => type)
  }
  expect(typesOf("1", "Write", true)).toEqual(["tool_finished", "file_changed"])
  expect(typesOf("2", "Write", false)).toEqual(["tool_finished"])
  expect(typesOf("3", "Read", true)).toEqual(["tool_finished"])
})

test("what the end says of the file wins, and its name counts where no start was seen", () => {
  const tools = fresh()
  tools.started("1", "Edit", { file_path: "a" })
  const change = { path: "/w/a", kind: "add" }
  expect(tools.finished("1", { ok: true, result: "", change }).at(-1)).toEqual({
    type: "file_changed",
    data: { changes: [change] },
  })
  expect(tools.finished("9", { ok: true, result: "x", status: "fine", tool: "Read" })).toEqual([
    { type: "tool_finished", data: { tool: "Read", id: "9", result: "x", status: "fine" } },
  ])
})

test("todos and questions are events of their own", () => {
  const tools = fresh()
  expect(tools.started("1", "Todo", { todos: [1] })).toEqual([{ type: "todo_updated", data: { items: [1] } }])
  expect(tools.started("2", "Ask", { q: 1 })).toEqual([{ type: "input_required", data: { text: '{"q":1}' } }])
})

test("of calls that never end the oldest are forgotten", () => {
  const tools = fresh()
  for (let call = 0; call <= 1000; call++) tools.started(String(call), "Bash", { command: "ls" })
  expect(tools.finished("0", { ok: true, result: "" })[0]?.type).toBe("tool_finished")
  expect(tools.finished("1", { ok: true, result: "" })[0]?.type).toBe("command_finished")
})
