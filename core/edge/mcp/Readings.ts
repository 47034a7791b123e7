/** Resources and prompts of the catalogue as MCP knows them. */
import {
  type GetPromptResult,
  type Prompt,
  type ReadResourceResult,
  type Resource,
  ResourceNotFoundError,
  type ResourceTemplateType,
  UriTemplate,
} from "@modelcontextprotocol/server"
import { Effect, Schema } from "effect"
import type { Catalogue, PromptHandle, ResourceHandle } from "../../plugin/Catalogue.ts"
import type { Caller } from "../../plugin/Operation.ts"
import type { Message } from "../../plugin/Prompt.ts"
import type { Variables } from "../../plugin/Resource.ts"
import type { Talk } from "../../plugin/Talk.ts"
import { inputSchemaOf, propertiesOf, requiredOf } from "../JsonSchema.ts"
import { suggestion } from "../Nearest.ts"
import { sentence, wrongs } from "../Wrong.ts"
import { blockOf } from "./Blocks.ts"
import { invalid } from "./Settle.ts"

export const isTemplate = ({ uri }: ResourceHandle): boolean => UriTemplate.isTemplate(uri)

const shown = ({ mime, name, summary, title }: ResourceHandle) => ({
  name,
  ...(title === undefined ? {} : { title }),
  description: summary,
  mimeType: mime,
})

export const resourcesOf = ({ resources }: Catalogue): Array<Resource> =>
  resources.filter((one) => !isTemplate(one)).map((one) => ({ uri: one.uri, ...shown(one) }))

export const templatesOf = ({ resources }: Catalogue): Array<ResourceTemplateType> =>
  resources.filter(isTemplate).map((one) => ({ uriTemplate: one.uri, ...shown(one) }))

export const promptsOf = ({ prompts }: Catalogue): Array<Prompt> =>
  prompts.map((prompt) => ({
    name: prompt.name,
    ...(prompt.title === undefined ? {} : { title: prompt.title }),
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

export interface Found {
  readonly resource: ResourceHandle
  readonly variables: Variables
}

/** A longer URI is nobody's. */
const longestUri = 8_192

/** Whose URI it is. */
export const find = ({ resources }: Catalogue, uri: string): Effect.Effect<Found, ResourceNotFoundError> => {
  for (const resource of uri.length > longestUri ? [] : resources) {
    const variables = variablesOf(resource, uri)
    if (variables !== undefined) return Effect.succeed({ resource, variables })
  }
  return Effect.fail(new ResourceNotFoundError(uri.slice(0, 200)))
}

const variablesOf = (resource: ResourceHandle, uri: string): Variables | undefined => {
  if (!isTemplate(resource)) return resource.uri === uri ? {} : undefined
  const matched = new UriTemplate(resource.uri).match(uri)
  return matched === null
    ? undefined
    : Object.fromEntries(Object.entries(matched).map(([name, value]) => [name, [value].flat().join(",")]))
}

export const read = ({ resource, variables }: Found, uri: string, caller: Caller, talk: Talk) =>
  Effect.map(resource.read(variables, caller, talk), (text): ReadResourceResult => ({
    contents: [{ uri, mimeType: resource.mime, ...(typeof text === "string" ? { text } : text) }],
  }))

export const findPrompt = ({ prompts }: Catalogue, name: string) => {
  const prompt = prompts.find((one) => one.name === name)
  if (prompt !== undefined) return Effect.succeed(prompt)
  const names = prompts.map((one) => one.name)
  return invalid(`There is no prompt ${JSON.stringify(name.slice(0, 100))}.${suggestion(name, names)}`)
}

export const decodeArguments = ({ arguments: schema }: PromptHandle, raw: unknown = {}) =>
  Effect.catch(
    Schema.decodeUnknownEffect(schema)(raw, { errors: "all", onExcessProperty: "error" }),
    ({ issue }) => invalid(sentence(wrongs(issue, inputSchemaOf(schema), raw))),
  )

export const render = (prompt: PromptHandle, args: unknown, talk: Talk) =>
  Effect.map(prompt.render(args, talk), (said): GetPromptResult => ({
    description: prompt.summary,
    messages: messagesOf(said).map(messageOf),
  }))

const messagesOf = (said: string | ReadonlyArray<Message>): ReadonlyArray<Message> =>
  typeof said === "string" ? [{ role: "user", content: { kind: "text", text: said } }] : said

const messageOf = ({ content, role }: Message) => ({ role, content: blockOf(content) })
