/** MCP over two streams: stdin and stdout. */
import type { Readable, Writable } from "node:stream"
import { Cutter } from "../wire/Cutter.ts"
import { Framed } from "./Framed.ts"

/** How long answers may still take after the client closed its end, in milliseconds. */
const lastAnswers = 1_000

type Output = Pick<Writable, "write" | "on">

export class Lines extends Framed {
  private readonly cutter = new Cutter(this)
  private hasEnded = false

  private readonly input: Readable
  private readonly output: Output

  constructor(input: Readable, output: Output) {
    super()
    this.input = input
    this.output = output
  }

  async start(): Promise<void> {
    this.output.on("error", () => void this.close())
    this.output.on("close", () => void this.close())
    this.input.on("data", (chunk: Buffer) => this.cutter.take(chunk))
    this.input.on("end", () => this.end())
    this.input.on("close", () => this.end())
    this.input.on("error", () => this.end())
  }

  override async close(): Promise<void> {
    this.input.removeAllListeners("data")
    this.input.pause()
    await super.close()
  }

  protected put(line: string): Promise<void> {
    return new Promise((resolve) => this.output.write(line, () => resolve()))
  }

  protected left(): void {
    if (this.hasEnded && this.open.size === 0) void this.close()
  }

  /** The client closed its end: what it asked is still answered, for a moment. */
  private end(): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.cutter.end()
    setTimeout(() => void this.close(), lastAnswers).unref()
    this.left()
  }
}
