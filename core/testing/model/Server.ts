/**
 * A model's server on loopback that speaks as four vendors do, so that the real agents run without a network.
 *
 * The first part of the path is the scenario, so one server serves every test at once:
 * `http://127.0.0.1:PORT/SCENARIO[@KEY=VALUE…]/v1/messages`.
 *
 *   text echo shell write mcp json huge     answers; `echo` tells the number of turns, and that it `@sees=WORDS`; `json` meets the schema that is asked for
 *   empty refusal garbage                   answers that are none
 *   e400 e401 e403 e404 e429 e500 e503 e529 quota context
 *   drop cut broken slow                    the socket closes at once, or in the middle; an error in the stream; a word each half second
 *   flaky@id=X                              429 twice, then an answer
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { type Parameters, planFor } from "./Plan.ts"
import { refusalOf } from "./Refusals.ts"
import { type Json, object, understand, type Wire, wireOf } from "./Request.ts"
import { type Asking, brokenOn, type Reply, replyOn } from "./Wires.ts"

export interface ModelServer {
  /** Base URL of a scenario, without a slash at its end. */
  readonly at: (scenario: string) => string
  /** When requests to a model came for it, in milliseconds since 1970. */
  readonly asked: (scenario: string) => ReadonlyArray<number>
  readonly stop: () => Promise<void>
}

interface Scenario {
  readonly whole: string
  readonly name: string
  readonly parameters: Parameters
  readonly path: string
}

const scenarioOf = (url: string): Scenario => {
  const [, first = "", ...rest] = new URL(url, "http://127.0.0.1").pathname.split("/")
  const whole = decodeURIComponent(first)
  const [name = "", ...pairs] = whole.split("@")
  const parameters = Object.fromEntries(
    pairs.map((pair) => [pair.split("=", 1)[0] ?? "", pair.slice(pair.indexOf("=") + 1)]),
  )
  return { whole, name, parameters, path: `/${rest.join("/")}` }
}

const bodyOf = async (request: IncomingMessage): Promise<Json> => {
  const pieces: Array<Uint8Array> = []
  for await (const piece of request) pieces.push(piece as Uint8Array)
  try {
    return object(JSON.parse(Buffer.concat(pieces).toString()))
  } catch {
    return {}
  }
}

const send = (response: ServerResponse, status: number, body: Json): void => {
  response.writeHead(status, { "content-type": "application/json" })
  response.end(JSON.stringify(body))
}

/** As OpenAI and Google write it. */
const modelList = { object: "list", data: [{ id: "mock-model", object: "model" }], models: [] }

/** What agents ask besides a model. */
const others = (request: IncomingMessage, response: ServerResponse, path: string): void => {
  if (path.endsWith("/count_tokens")) return send(response, 200, { input_tokens: 1000 })
  if (path.endsWith(":countTokens")) return send(response, 200, { totalTokens: 1000 })
  if (path.endsWith("/models")) return send(response, 200, modelList)
  return send(response, request.method === "HEAD" ? 200 : 404, {
    error: { message: "mock: no such route" },
  })
}

/** One word each half a second, for whoever is to be stopped in the middle. */
const slowly = (response: ServerResponse, { pieces }: Reply): void => {
  response.write(pieces[0])
  const timer = setInterval(() => response.write(pieces[1] ?? ": still here\n\n"), 500)
  response.on("close", () => clearInterval(timer))
}

const half = (response: ServerResponse, wire: Wire, name: string, { pieces }: Reply): void => {
  response.write(pieces.slice(0, Math.ceil(pieces.length / 2)).join(""))
  if (name === "broken") response.end(brokenOn[wire])
  // What was written is to arrive before the end does.
  else setTimeout(() => response.destroy(), 50)
}

const answer = (response: ServerResponse, wire: Wire, scenario: Scenario, body: Json): void => {
  const { name, parameters, path } = scenario
  const plan = planFor(name, parameters, understand[wire](body), body)
  const asking: Asking = {
    scenario: name,
    model: String(body["model"] ?? "mock-model"),
    stream: body["stream"] === true || path.endsWith(":streamGenerateContent"),
  }
  const reply = replyOn[wire](plan, asking)
  response.writeHead(200, { "content-type": reply.type, "request-id": "req_mock" })
  if (name === "slow") return slowly(response, reply)
  if (asking.stream && (name === "cut" || name === "broken")) return half(response, wire, name, reply)
  response.end(reply.pieces.join(""))
}

const garbage = (response: ServerResponse): void => {
  response.writeHead(200, { "content-type": "text/html" })
  response.end("<html>please log in to this network</html>")
}

export const startModelServer = async (): Promise<ModelServer> => {
  const times = new Map<string, Array<number>>()
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const scenario = scenarioOf(request.url ?? "/")
    const wire = wireOf(scenario.path)
    const body = await bodyOf(request)
    if (wire === undefined) return others(request, response, scenario.path)
    const asked = [...(times.get(scenario.whole) ?? []), Date.now()]
    times.set(scenario.whole, asked)
    const name = scenario.name === "flaky" ? (asked.length <= 2 ? "e429" : "text") : scenario.name
    if (name === "drop") return void response.destroy()
    if (name === "garbage") return garbage(response)
    const refusal = refusalOf(wire, name, scenario.parameters)
    if (refusal === undefined) return answer(response, wire, { ...scenario, name }, body)
    response.writeHead(refusal.status, refusal.headers)
    response.end(JSON.stringify(refusal.body))
  }
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready))
  const { port } = server.address() as AddressInfo
  return {
    at: (scenario) => `http://127.0.0.1:${port}/${encodeURIComponent(scenario)}`,
    asked: (scenario) => times.get(scenario) ?? [],
    stop: () =>
      new Promise<void>((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
