import { Unreachable } from '../bounded-fetch.ts'

/** One server-sent event. */
export interface ServerSentEvent {
  readonly event: string
  readonly data: string
}

/** Reads a body as server-sent events (HTML §9.2.6), each at most this long. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  { charactersMax }: { charactersMax: number },
): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  const lines = createLineReader(charactersMax)
  const feedLine = createEventReader(charactersMax)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      for (const line of lines(decoder.decode(value, { stream: true }))) {
        const event = feedLine(line)
        if (event !== undefined) yield event
      }
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

/** Gathers lines until an empty one completes the event. */
const createEventReader = (charactersMax: number) => {
  let event = ''
  let data: string[] = []
  let characters = 0

  const complete = (): ServerSentEvent | undefined => {
    const whole = data.length === 0 ? undefined : { event: event === '' ? 'message' : event, data: data.join('\n') }
    event = ''
    data = []
    characters = 0
    return whole
  }

  return (line: string): ServerSentEvent | undefined => {
    if (line === '') return complete()
    characters += line.length
    if (characters > charactersMax) throw new Unreachable('an event of the feed is too large')
    const { name, text } = fieldOf(line)
    if (name === 'event') event = text
    else if (name === 'data') data.push(text)
    return undefined
  }
}

const fieldOf = (line: string): { name: string; text: string } => {
  const colon = line.indexOf(':')
  if (colon === -1) return { name: line, text: '' }
  const text = line.slice(colon + 1)
  return { name: line.slice(0, colon), text: text.startsWith(' ') ? text.slice(1) : text }
}

/** Whole lines as pieces arrive; a line may end in LF, CRLF or CR, and a CRLF may be cut in two. */
const createLineReader = (charactersMax: number) => {
  let pieces: string[] = []
  let held = 0
  let endedInCr = false
  return (chunk: string): string[] => {
    if (chunk === '') return []
    const text = endedInCr && chunk.startsWith('\n') ? chunk.slice(1) : chunk
    endedInCr = chunk.endsWith('\r')
    const found = text.split(/\r\n|\r|\n/)
    const rest = found.pop() ?? ''
    if (found.length > 0) {
      found[0] = pieces.join('') + found[0]
      pieces = []
      held = 0
    }
    pieces.push(rest)
    held += rest.length
    if (held > charactersMax) throw new Unreachable('a line of the feed is too large')
    return found
  }
}
