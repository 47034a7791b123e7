/** The newest part of a text, within a limit. */

/** Keeps the last `max` characters of what is added. */
export class Tail {
  private readonly pieces: Array<string> = []
  private size = 0
  private dropped = 0
  private readonly max: number

  constructor(max: number) {
    this.max = max
  }

  add(piece: string): void {
    this.pieces.push(piece)
    this.size += piece.length
    while (this.size > this.max && this.pieces.length > 1) {
      const first = this.pieces[0] ?? ""
      if (this.size - first.length < this.max) break
      this.pieces.shift()
      this.size -= first.length
      this.dropped += first.length
    }
  }

  get text(): string {
    const all = this.pieces.join("")
    return all.length <= this.max ? all : all.slice(-this.max)
  }

  get cut(): boolean {
    return this.dropped > 0 || this.size > this.max
  }
}
