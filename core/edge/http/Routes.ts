/** The routes of plugins, below `/x/<plugin>`. */
import { Effect, Exit } from "effect"
import { Hono } from "hono/tiny"
import type { Catalogue, RouteHandle } from "../../plugin/Catalogue.ts"
import { type Caller, covers, type Scope } from "../../plugin/Operation.ts"
import * as Body from "./Body.ts"
import * as Reply from "./Reply.ts"

interface Env {
  Bindings: { readonly caller: Caller; readonly answer: Answer }
}

type Answer = (effect: Effect.Effect<Response>, isLooking: boolean) => Promise<Response>

/** One router for each state of the plugins. */
const routers = new WeakMap<Catalogue, Hono<Env>>()

export const answer = async (
  catalogue: Catalogue,
  request: Request,
  caller: Caller,
  run: (effect: Effect.Effect<Response>, isLooking: boolean) => Promise<Exit.Exit<Response>>,
): Promise<Response> => {
  const router = routers.get(catalogue) ?? build(catalogue)
  routers.set(catalogue, router)
  const answer: Answer = async (effect, isLooking) => {
    const exit = await run(effect, isLooking)
    return Exit.isSuccess(exit) ? exit.value : Reply.error(503, "unavailable", "The call was stopped.")
  }
  return router.fetch(request, { caller, answer })
}

const build = ({ routes }: Catalogue): Hono<Env> => {
  const router = new Hono<Env>()
  for (const route of routes)
    router.on(route.method, pathOf(route), (c) => asked(route, c.req.raw, c.req.param(), c.env))
  for (const path of new Set(routes.map(pathOf))) {
    const methods = routes.filter((route) => pathOf(route) === path).map(({ method }) => method)
    router.all(path, (c) => Reply.notAllowed(c.req.method, c.req.path, methods))
  }
  router.notFound((c) => {
    const known = routes.map((route) => `${route.method} ${pathOf(route)}`).slice(0, 20)
    const list = known.length === 0 ? "No plugin has routes." : `Known: ${known.join(", ")}.`
    return Reply.error(404, "not_found", `There is nothing at ${c.req.path.slice(0, 100)}. ${list}`)
  })
  return router
}

const pathOf = ({ path, plugin }: RouteHandle): string => `/x/${plugin}${path === "/" ? "" : path}`

const asked = async (
  route: RouteHandle,
  request: Request,
  params: Readonly<Record<string, string>>,
  { answer, caller }: Env["Bindings"],
): Promise<Response> => {
  const isLooking = route.method === "GET"
  const needed: Scope = isLooking ? "read" : "dispatch"
  if (caller.scopes !== undefined && !covers(caller.scopes, needed))
    return Reply.error(403, "denied", `${route.method} ${pathOf(route)} needs the scope ${needed}.`)
  const body = await Body.read(request)
  if (body instanceof Response) return body
  const passed = Body.again(request, body)
  // A token is for the hub and nobody else.
  passed.headers.delete("authorization")
  return answer(
    Effect.suspend(() => route.handle(passed, caller, params)),
    isLooking,
  )
}
