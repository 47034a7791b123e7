/** Resources and prompts of the catalogue as MCP knows them. */
import {
  type Prompt,
  ProtocolError,
  ProtocolErrorCode,
  type Resource,
  ResourceNotFoundError,
  type ResourceTemplateType,
  UriTemplate,
} from "@modelcontextprotocol/server"
import { Effect, Schema } from "effect"
import type { Catalogue, PromptHandle, ResourceHandle } from "../../plugin/Catalogue.ts"
import type { Caller, OperationFailed } from "../../plugin/Operation.ts"
import { silent } from "../../plugin/Talk.ts"
import { inputSchemaOf, propertiesOf, requiredOf } from "../JsonSchema.ts"
import { suggestion } from "../Nearest.ts"
import { sentence, wrongs } from "../Wrong.ts"

const isTemplate = ({ uri }: ResourceHandle): boolean => UriTemplate.isTemplate(uri)

export const resourcesOf = ({ resources }: Catalogue): Array<Resource> =>
  resources
    .filter((one) => !isTemplate(one))
    .map(({ mime, name, summary, uri }) => ({ uri, name, description: summary, mimeType: mime }))

export const templatesOf = ({ resources }: Catalogue): Array<ResourceTemplateType> =>
  resources
    .filter(isTemplate)
    .map(({ mime, name, summary, uri }) => ({ uriTemplate: uri, name, description: summary, mimeType: mime }))

export const promptsOf = ({ prompts }: Catalogue): Array<Prompt> =>
  prompts.map((prompt) => ({
    name: prompt.name,
    description: prompt.summary,
    arguments: argumentsOf(prompt),
  }))

const argumentsOf = (prompt: PromptHandle) => {
  const schema = inputSchemaOf(prompt.arguments)
  return Object.entries(propertiesOf(schema)).map(([name, { description }]) => ({
    name,
    ...(typeof description === "string" ? { description } : {}),
    required: requiredOf(schema).includes(name),
  }))
}

export const read = Effect.fnUntraced(function* ({ resources }: Catalogue, uri: string, caller: Caller) {
  for (const resource of resources) {
    const variables = variablesOf(resource, uri)
    if (variables === undefined) continue
    const text = yield* Effect.mapError(resource.read(variables, caller, silent), toProtocol)
    return { contents: [{ uri, mimeType: resource.mime, ...(typeof text === "string" ? { text } : text) }] }
  }
  return yield* Effect.fail(new ResourceNotFoundError(uri))
})

const variablesOf = (resource: ResourceHandle, uri: string): Readonly<Record<string, string>> | undefined => {
  if (!isTemplate(resource)) return resource.uri === uri ? {} : undefined
  const matched = new UriTemplate(resource.uri).match(uri)
  return matched === null
    ? undefined
    : Object.fromEntries(Object.entries(matched).map(([name, value]) => [name, [value].flat().join(",")]))
}

export const render = Effect.fnUntraced(function* ({ prompts }: Catalogue, name: string, raw: unknown) {
  const prompt = prompts.find((one) => one.name === name)
  if (prompt === undefined)
    return yield* invalid(
      `There is no prompt "${name}".${suggestion(
        name,
        prompts.map((one) => one.name),
      )}`,
    )
  const decode = Schema.decodeUnknownEffect(prompt.arguments)
  const args = yield* Effect.catch(
    decode(raw ?? {}, { errors: "all", onExcessProperty: "error" }),
    ({ issue }) => invalid(sentence(wrongs(issue, inputSchemaOf(prompt.arguments), raw ?? {}))),
  )
  const text = yield* Effect.mapError(prompt.render(args, silent), toProtocol)
  return {
    description: prompt.summary,
    messages: [{ role: "user" as const, content: { type: "text" as const, text: String(text) } }],
  }
})

const invalid = (message: string) => Effect.fail(new ProtocolError(ProtocolErrorCode.InvalidParams, message))

export const toProtocol = ({ code, details, message }: OperationFailed): ProtocolError =>
  new ProtocolError(
    code === "invalid" || code === "not_found"
      ? ProtocolErrorCode.InvalidParams
      : ProtocolErrorCode.InternalError,
    message,
    { code, ...(details === undefined ? {} : { details }) },
  )
