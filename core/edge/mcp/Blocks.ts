/** Content as MCP has it. */
import type { ContentBlock } from "@modelcontextprotocol/server"
import type { Content } from "../../plugin/Content.ts"

export const blockOf = (content: Content): ContentBlock => {
  switch (content.kind) {
    case "text":
      return { type: "text", text: content.text }
    case "image":
    case "audio":
      return { type: content.kind, data: content.data, mimeType: content.mime }
    case "resource": {
      const { mime, ...resource } = content.resource
      return { type: "resource", resource: { ...resource, mimeType: mime } }
    }
    case "link": {
      const { mime, name, uri } = content
      return { type: "resource_link", uri, name, ...(mime === undefined ? {} : { mimeType: mime }) }
    }
  }
}
