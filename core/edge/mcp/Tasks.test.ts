import { afterEach, describe, expect, test } from "bun:test"
import { ElicitRequestSchema, TaskStatusNotificationSchema } from "@modelcontextprotocol/sdk/types.js"
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js"
import { catalogueOf, closeAll, hubOf, oldClient, rawClient } from "../fixtures/linked.ts"
import { works } from "../fixtures/works.ts"

afterEach(closeAll)

const form = (message: string) => ({
  kind: "form" as const,
  message,
  schema: { type: "object", properties: { name: { type: "string" } } },
})
const accepted = (name: string) => ({ action: "accept", content: { name } })

const setting = () => {
  const work = works()
  return { work, hub: hubOf(catalogueOf({ list: work.operations })) }
}

const collected = async <A>(stream: AsyncIterable<A>): Promise<Array<A>> => Array.fromAsync(stream)

describe("2025-11-25", () => {
  test("a client gets a task whose id is the run's, and its result when the run has ended", async () => {
    const { hub, work } = setting()
    const client = await oldClient(hub)
    const { tools } = await client.listTools()
    expect(tools.find(({ name }) => name === "start_work")?.execution).toEqual({ taskSupport: "optional" })
    expect(client.getServerCapabilities()?.tasks).toEqual({
      list: {},
      cancel: {},
      requests: { tools: { call: {} } },
    })
    const stream = client.experimental.tasks.callToolStream({ name: "start_work", arguments: { name: "a" } })
    const first = await stream.next()
    expect(first.value).toMatchObject({
      type: "taskCreated",
      task: { taskId: "a-1", status: "working", ttl: null, createdAt: expect.any(String) },
    })
    work.move("a-1", { state: "succeeded", answer: "done", ended_at: "2026-01-02T00:00:00.000Z" })
    expect((await collected(stream)).at(-1)).toMatchObject({
      type: "result",
      result: {
        content: [{ type: "text", text: "done" }],
        structuredContent: { run_id: "a-1", state: "succeeded" },
        _meta: { "io.modelcontextprotocol/related-task": { taskId: "a-1" } },
      },
    })
  })

  test("tasks/result waits for the end, and another connection sees the task", async () => {
    const { hub, work } = setting()
    const client = await oldClient(hub)
    await client.callTool({ name: "start_work", arguments: { name: "b" } })
    const other = await oldClient(hub)
    const result = other.experimental.tasks.getTaskResult("b-1", CallToolResultSchema)
    expect(await other.experimental.tasks.getTask("b-1")).toMatchObject({
      status: "working",
      createdAt: "2026-01-01T00:00:00.000Z",
    })
    work.move("b-1", { state: "running" })
    work.move("b-1", { state: "failed", failure: { class: "crashed", message: "the agent crashed" } })
    expect(await result).toMatchObject({
      isError: true,
      content: [
        { type: "text", text: "the agent crashed" },
        { type: "text", text: '{"class":"crashed"}' },
      ],
    })
    expect(await other.experimental.tasks.getTask("b-1")).toMatchObject({ status: "failed" })
  })

  test("the end of a task is told unasked", async () => {
    const { hub, work } = setting()
    let told: (params: unknown) => void
    const status = new Promise((resolve) => (told = resolve))
    const client = await oldClient(hub, {}, (one) =>
      one.setNotificationHandler(TaskStatusNotificationSchema, ({ params }) => told(params)),
    )
    await client.listTools()
    const stream = client.experimental.tasks.callToolStream({ name: "start_work", arguments: { name: "c" } })
    await stream.next()
    work.move("c-1", { state: "timed_out" })
    expect(await status).toMatchObject({ taskId: "c-1", status: "failed", statusMessage: "timed_out" })
    await collected(stream)
  })

  test("a task is cancelled once, and only known tasks are answered for", async () => {
    const { hub } = setting()
    const client = await oldClient(hub)
    const { tasks } = client.experimental
    await client.callTool({ name: "start_work", arguments: { name: "d" } })
    expect(await tasks.cancelTask("d-1")).toMatchObject({ taskId: "d-1", status: "cancelled" })
    await expect(tasks.cancelTask("d-1")).rejects.toThrow("The task d-1 has ended already: cancelled.")
    await expect(tasks.getTask("nope")).rejects.toThrow('-32602: There is no task "nope".')
    // Another name for the same work.
    await expect(tasks.getTask("last")).rejects.toThrow('There is no task "last".')
  })

  test("tasks are listed by pages", async () => {
    const { hub, work } = setting()
    const client = await oldClient(hub)
    for (let i = 0; i < 101; i++) await client.callTool({ name: "start_work", arguments: { name: "e" } })
    expect(work.count()).toBe(101)
    const first = await client.experimental.tasks.listTasks()
    expect(first.tasks.length).toBe(100)
    expect(first.tasks[0]).toMatchObject({ taskId: "e-101", status: "working" })
    const second = await client.experimental.tasks.listTasks(first.nextCursor)
    expect(second.tasks.map(({ taskId }) => taskId)).toEqual(["e-1"])
    expect(second.nextCursor).toBeUndefined()
    await expect(client.experimental.tasks.listTasks("bogus/1")).rejects.toThrow("not one of tasks/list")
  })

  test("what a task asks is asked of the client that waits for its result", async () => {
    const { hub, work } = setting()
    const asked: Array<unknown> = []
    const client = await oldClient(hub, { capabilities: { elicitation: { form: {} } } }, (one) =>
      one.setRequestHandler(ElicitRequestSchema, ({ params }) => {
        asked.push(params)
        return accepted("Ada") as never
      }),
    )
    await client.callTool({ name: "start_work", arguments: { name: "f" } })
    const result = client.experimental.tasks.getTaskResult("f-1", CallToolResultSchema)
    await client.listTools()
    work.move("f-1", { state: "waiting", questions: { who: form("Who?") } })
    expect((await result).content).toEqual([{ type: "text", text: '[{"name":"Ada"}]' }])
    expect(asked).toMatchObject([
      { message: "Who?", _meta: { "io.modelcontextprotocol/related-task": { taskId: "f-1" } } },
    ])
  })

  test("a tool without tasks, one with nothing else, and one that refuses", async () => {
    const { hub } = setting()
    const client = await oldClient(hub)
    const asTask = { task: { ttl: 1000 } }
    const call = (name: string, args: object, options: object = {}) =>
      client.callTool({ name, arguments: args as never }, undefined, options)
    await expect(call("list_works", {}, asTask)).rejects.toThrow("list_works does not run as a task")
    await expect(call("only_work", { name: "g" })).rejects.toThrow("only_work only runs as a task")
    await expect(call("start_work", { name: "refused" }, asTask)).rejects.toThrow("Not this one.")
  })
})

describe("2026-07-28", () => {
  const extension = { extensions: { "io.modelcontextprotocol/tasks": {} } }
  const start = (name: string) => ({ name: "start_work", arguments: { name } })

  test("the extension is offered, and the older experiment is not", async () => {
    const { hub } = setting()
    const client = await rawClient(hub)
    const { result } = await client.ask("server/discover")
    expect(result.capabilities.extensions).toEqual({ "io.modelcontextprotocol/tasks": {} })
    expect(result.capabilities.tasks).toBeUndefined()
    const { tools } = (await client.ask("tools/list")).result
    expect(tools.some((tool: object) => "execution" in tool)).toBe(false)
    for (const method of ["tasks/list", "tasks/result"])
      expect((await client.ask(method, { taskId: "x" }, extension)).error?.code).toBe(-32601)
  })

  test("a client with the extension gets a handle without waiting, and the result with tasks/get", async () => {
    const { hub, work } = setting()
    const client = await rawClient(hub, extension)
    const call = { name: "start_work", arguments: { name: "a", wait_seconds: 60 } }
    const { result: handle } = await client.ask("tools/call", call)
    expect(handle).toMatchObject({
      resultType: "task",
      taskId: "a-1",
      status: "working",
      ttlMs: null,
      pollIntervalMs: expect.any(Number),
    })
    for (const field of ["task", "content", "result", "error", "requestState", "ttl"])
      expect(handle).not.toHaveProperty(field)
    expect((await client.ask("tasks/get", { taskId: "a-1" })).result).toMatchObject({
      resultType: "complete",
      status: "working",
    })
    work.move("a-1", { state: "succeeded", answer: "done" })
    const { result } = await client.ask("tasks/get", { taskId: "a-1" })
    expect(result).toMatchObject({
      status: "completed",
      result: { content: [{ type: "text", text: "done" }] },
    })
    expect(result.result._meta).toBeUndefined()
  })

  test("a run that failed is complete with an error; what the hub could not do has failed", async () => {
    const { hub, work } = setting()
    const client = await rawClient(hub, extension)
    for (const name of ["b", "c"]) await client.ask("tools/call", start(name))
    work.move("b-1", { state: "failed", failure: { class: "crashed", message: "crashed" } })
    work.move("c-2", { state: "failed", failure: { class: "internal", message: "the disk is full" } })
    expect((await client.ask("tasks/get", { taskId: "b-1" })).result).toMatchObject({
      status: "completed",
      result: { isError: true },
    })
    const { result } = await client.ask("tasks/get", { taskId: "c-2" })
    expect(result).toMatchObject({ status: "failed", error: { code: -32603, message: "the disk is full" } })
    expect(result.result).toBeUndefined()
  })

  test("cancel is acknowledged, also when there is nothing left to cancel", async () => {
    const { hub } = setting()
    const client = await rawClient(hub, extension)
    await client.ask("tools/call", start("d"))
    for (const _ of [1, 2]) {
      const { result } = await client.ask("tasks/cancel", { taskId: "d-1" })
      expect(Object.keys(result).sort()).toEqual(["_meta", "resultType"])
    }
    expect((await client.ask("tasks/get", { taskId: "d-1" })).result.status).toBe("cancelled")
    expect((await client.ask("tasks/cancel", { taskId: "nope" })).error?.code).toBe(-32602)
  })

  test("questions stand in the task until each is replied to", async () => {
    const { hub, work } = setting()
    const client = await rawClient(hub, extension)
    await client.ask("tools/call", start("e"))
    work.move("e-1", { state: "waiting", questions: { one: form("One?"), two: form("Two?") } })
    const get = async () => (await client.ask("tasks/get", { taskId: "e-1" })).result
    expect(await get()).toMatchObject({
      status: "input_required",
      inputRequests: {
        one: { method: "elicitation/create", params: { message: "One?" } },
        two: { method: "elicitation/create" },
      },
    })
    const update = (inputResponses: object) => client.ask("tasks/update", { taskId: "e-1", inputResponses })
    expect((await update({ other: { ignored: true }, two: { roots: [] } })).result.resultType).toBe(
      "complete",
    )
    expect(Object.keys((await get()).inputRequests)).toEqual(["one", "two"])
    await update({ one: accepted("1") })
    expect(Object.keys((await get()).inputRequests)).toEqual(["two"])
    await update({ two: accepted("2") })
    expect(await get()).toMatchObject({
      status: "completed",
      result: { content: [{ text: '[{"name":"1"}][{"name":"2"}]' }] },
    })
  })

  test("without the extension a call is answered with the id, and the methods say what is missing", async () => {
    const { hub } = setting()
    const client = await rawClient(hub)
    expect((await client.ask("tools/call", { ...start("f"), task: { ttl: 1 } })).result).toMatchObject({
      resultType: "complete",
      structuredContent: { run_id: "f-1" },
    })
    const asked = [
      await client.ask("tasks/get", { taskId: "f-1" }),
      await client.ask("tasks/update", { taskId: "f-1", inputResponses: {} }),
      await client.ask("tasks/cancel", { taskId: "f-1" }),
      await client.ask("tools/call", { name: "only_work", arguments: { name: "f" } }),
    ]
    for (const { error } of asked)
      expect(error).toMatchObject({
        code: -32021,
        data: { requiredCapabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } } },
      })
    // It may be declared for one request.
    expect((await client.ask("tools/call", start("g"), extension)).result.resultType).toBe("task")
  })
})
