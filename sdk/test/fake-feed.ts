import type { ServerResponse } from 'node:http'
import type { RevocationEntry } from '../src/wire.ts'
import { json, type SeenRequest } from './fake-issuer.ts'

/** The revocation feed of the fake issuer; heartbeats are sent when the test says so. */
export const createFakeFeed = () => {
  let entries: RevocationEntry[] = []
  let seq = 0
  let oldest = 0
  let losesNext = 0
  let hasStream = true
  let keys: string | undefined
  const streams = new Set<ServerResponse>()

  const page = (since: string | null) => {
    const isSnapshot = since === null || Number(since) < oldest || Number(since) > seq
    if (!isSnapshot)
      return { seq, keys, snapshot: false, entries: entries.filter((entry) => entry.seq > Number(since)) }
    const inForce = new Map<string, RevocationEntry>()
    for (const entry of entries) {
      if (entry.verb === 'release') inForce.delete(entry.target)
      else inForce.set(entry.target, entry)
    }
    return { seq, keys, snapshot: true, entries: [...inForce.values()] }
  }

  const send = (text: string): void => {
    for (const stream of streams) stream.write(text)
  }

  return {
    get seq() {
      return seq
    },
    get streams() {
      return streams.size
    },
    add: (entry: Omit<RevocationEntry, 'seq'>): RevocationEntry => {
      seq += 1
      const added = { ...entry, seq }
      entries.push(added)
      if (losesNext > 0) losesNext -= 1
      else send(`event: change\nid: ${seq}\ndata: ${JSON.stringify(added)}\n\n`)
      return added
    },
    heartbeat: (): void => send(`event: heartbeat\ndata: ${JSON.stringify({ seq, keys })}\n\n`),
    /** Which key set the feed tells of; none until then, as an older issuer. */
    tellKeys: (version: string): void => {
      keys = version
    },
    send,
    /** The next changes are not told to open streams. */
    lose: (count = 1): void => {
      losesNext = count
    },
    /** Ends every open stream. */
    dropStreams: (): void => {
      for (const stream of streams) stream.destroy()
    },
    /** Whether the stream is offered at all. */
    offerStream: (isOffered: boolean): void => {
      hasStream = isOffered
    },
    /** Whoever asks from before this is given everything. */
    forgetBefore: (since: number): void => {
      oldest = since
    },
    /** Goes back to an earlier state, as a database restored from a backup does. */
    restore: (toSeq: number): void => {
      seq = toSeq
      entries = entries.filter((entry) => entry.seq <= toSeq)
    },
    answer: (request: SeenRequest, response: ServerResponse): void => {
      const since = request.query.get('since')
      if (!request.headers.accept?.includes('text/event-stream')) {
        json(response, 200, page(since))
        return
      }
      if (!hasStream) {
        json(response, 406, {})
        return
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`event: snapshot\ndata: ${JSON.stringify(page(since))}\n\n`)
      streams.add(response)
      response.on('close', () => streams.delete(response))
    },
  }
}
