/** A plan as the stream of each vendor: https://docs.anthropic.com/en/api/messages-streaming, OpenAI's Responses and chat completions, Gemini's streamGenerateContent. */
import { type Plan, textFor } from "./Plan.ts"
import type { Json, Wire } from "./Request.ts"

/** Pieces of a body in order; each is written by itself. */
export interface Reply {
  readonly type: "text/event-stream" | "application/json"
  readonly pieces: ReadonlyArray<string>
}

export interface Asking {
  readonly scenario: string
  readonly model: string
  readonly stream: boolean
}

/** Ids only have to differ. */
let last = 0
const id = (prefix: string): string => `${prefix}_mock${++last}`

const event = (type: string, data: Json): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`

const data = (value: unknown): string =>
  `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`

const streamed = (pieces: ReadonlyArray<string>): Reply => ({ type: "text/event-stream", pieces })
const whole = (body: Json): Reply => ({ type: "application/json", pieces: [JSON.stringify(body)] })

/** Three pieces, whatever the length. */
const chunks = (text: string): ReadonlyArray<string> => {
  const size = Math.max(1, Math.ceil(text.length / 3))
  return Array.from({ length: Math.ceil(text.length / size) }, (_, n) => text.slice(n * size, (n + 1) * size))
}

const anthropic = (plan: Plan, { model, stream }: Asking): Reply => {
  const usage = {
    input_tokens: 1000,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 200,
    output_tokens: 1,
  }
  const content: ReadonlyArray<Json> = [
    ...(plan.text === undefined ? [] : [{ type: "text", text: plan.text }]),
    ...(plan.call === undefined
      ? []
      : [{ type: "tool_use", id: id("toolu"), name: plan.call.name, input: plan.call.arguments }]),
  ]
  const stop = plan.stop ?? (plan.call === undefined ? "end_turn" : "tool_use")
  const message = { id: id("msg"), type: "message", role: "assistant", model, stop_sequence: null }
  if (!stream)
    return whole({ ...message, content, stop_reason: stop, usage: { ...usage, output_tokens: 20 } })
  return streamed([
    event("message_start", { message: { ...message, content: [], stop_reason: null, usage } }),
    ...content.flatMap(block),
    event("message_delta", {
      delta: { stop_reason: stop, stop_sequence: null },
      usage: { output_tokens: 20 },
    }),
    event("message_stop", {}),
  ])
}

const block = (part: Json, index: number): ReadonlyArray<string> => {
  const isText = part["type"] === "text"
  const start = isText ? { ...part, text: "" } : { ...part, input: {} }
  const deltas = isText
    ? chunks(String(part["text"])).map((text) => ({ type: "text_delta", text }))
    : [{ type: "input_json_delta", partial_json: JSON.stringify(part["input"]) }]
  return [
    event("content_block_start", { index, content_block: start }),
    ...deltas.map((delta) => event("content_block_delta", { index, delta })),
    event("content_block_stop", { index }),
  ]
}

const responses = (plan: Plan, { model, scenario }: Asking): Reply => {
  const response = { id: id("resp"), object: "response", created_at: 1_700_000_000, model }
  const output = [...itemOfText(plan), ...itemOfCall(plan, scenario)]
  const usage = {
    input_tokens: 1000,
    input_tokens_details: { cached_tokens: 200 },
    output_tokens: 20,
    output_tokens_details: { reasoning_tokens: 5 },
    total_tokens: 1020,
  }
  return streamed([
    event("response.created", { response: { ...response, status: "in_progress", output: [] } }),
    ...output.flatMap((item, output_index) => [
      event("response.output_item.added", { output_index, item: { ...item, status: "in_progress" } }),
      ...(item["type"] === "message" ? deltasOf(plan, item, output_index) : []),
      event("response.output_item.done", { output_index, item }),
    ]),
    event("response.completed", { response: { ...response, status: "completed", output, usage } }),
  ])
}

const deltasOf = ({ text = "" }: Plan, item: Json, output_index: number): ReadonlyArray<string> =>
  chunks(text).map((delta) =>
    event("response.output_text.delta", { output_index, content_index: 0, item_id: item["id"], delta }),
  )

const itemOfText = ({ text }: Plan): ReadonlyArray<Json> =>
  text === undefined
    ? []
    : [
        {
          type: "message",
          id: id("msg"),
          status: "completed",
          role: "assistant",
          content: [{ type: "output_text", text, annotations: [] }],
        },
      ]

const itemOfCall = ({ call }: Plan, scenario: string): ReadonlyArray<Json> => {
  if (call === undefined) return []
  const common = { call_id: id("call"), name: call.name, status: "completed" }
  if (call.type === "custom")
    return [{ ...common, type: "custom_tool_call", id: id("ctc"), input: textFor(scenario) }]
  const namespace = call.namespace === undefined ? {} : { namespace: call.namespace }
  const written = JSON.stringify(call.arguments)
  return [{ ...common, ...namespace, type: "function_call", id: id("fc"), arguments: written }]
}

const chat = (plan: Plan, { model }: Asking): Reply => {
  const head = { id: id("chatcmpl"), object: "chat.completion.chunk", created: 1_700_000_000, model }
  const piece = (delta: Json, finish_reason: string | null = null): string =>
    data({ ...head, choices: [{ index: 0, delta, finish_reason }] })
  const usage = { prompt_tokens: 1000, completion_tokens: 20, total_tokens: 1020 }
  const { call, stop, text = "" } = plan
  const calls =
    call === undefined
      ? []
      : [
          {
            index: 0,
            id: id("call"),
            type: "function",
            function: { name: call.name, arguments: JSON.stringify(call.arguments) },
          },
        ]
  const finish =
    stop === "refusal" ? "content_filter" : (stop ?? (call === undefined ? "stop" : "tool_calls"))
  return streamed([
    piece({ role: "assistant", content: "" }),
    ...chunks(text).map((content) => piece({ content })),
    ...(calls.length === 0 ? [] : [piece({ tool_calls: calls })]),
    piece({}, finish),
    data({ ...head, choices: [], usage }),
    data("[DONE]"),
  ])
}

const gemini = (plan: Plan, { model, stream }: Asking): Reply => {
  const usageMetadata = {
    promptTokenCount: 1000,
    candidatesTokenCount: 20,
    totalTokenCount: 1020,
    cachedContentTokenCount: 200,
  }
  const { call, stop, text = "" } = plan
  const called =
    call === undefined ? [] : [{ functionCall: { name: call.name, args: call.arguments, id: id("fc") } }]
  const finishReason = stop === "refusal" ? "SAFETY" : "STOP"
  const candidate = (parts: ReadonlyArray<Json>, more: Json = {}): Json => ({
    candidates: [{ content: { role: "model", parts }, index: 0, ...more }],
    usageMetadata,
    modelVersion: model,
  })
  if (!stream) return whole(candidate([{ text }, ...called], { finishReason }))
  return streamed([
    ...chunks(text).map((words) => data(candidate([{ text: words }]))),
    data(candidate(called, { finishReason })),
  ])
}

export const replyOn: Readonly<Record<Wire, (plan: Plan, asking: Asking) => Reply>> = {
  anthropic,
  responses,
  chat,
  gemini,
}

/** An error inside of a stream that has begun. */
export const brokenOn: Readonly<Record<Wire, string>> = {
  anthropic: event("error", { error: { type: "overloaded_error", message: "Overloaded" } }),
  responses: event("response.failed", {
    response: {
      id: "resp_mock",
      status: "failed",
      error: { code: "server_error", message: "mock: it broke" },
    },
  }),
  chat: data({ error: { message: "mock: it broke", type: "server_error", code: "server_error" } }),
  gemini: data({ error: { code: 500, message: "mock: it broke", status: "INTERNAL" } }),
}
