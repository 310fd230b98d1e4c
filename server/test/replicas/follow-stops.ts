/** A follower of one replica's revocation feed: when it first saw each target stopped. */
export interface Follower {
  seenAt(target: string): number | undefined
  stop(): void
}

/** Follows the stream of a replica. Resolves when the snapshot is there. */
export const followStops = async (url: string): Promise<Follower> => {
  const controller = new AbortController()
  const response = await fetch(`${url}/revocations`, {
    headers: { accept: 'text/event-stream' },
    signal: controller.signal,
  })
  if (response.body === null) throw new Error('the feed has no body')
  const seen = new Map<string, number>()
  let hasSnapshot = (): void => undefined
  const ready = new Promise<void>((resolve) => {
    hasSnapshot = resolve
  })
  const read = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder()
    let held = ''
    for await (const piece of stream) {
      held += decoder.decode(piece, { stream: true })
      const parts = held.split('\n\n')
      held = parts.pop() ?? ''
      for (const part of parts) {
        if (part.startsWith('event: snapshot')) hasSnapshot()
        const target = /"target":"([^"]+)"/.exec(part)?.[1]
        if (part.startsWith('event: change') && target !== undefined && !seen.has(target))
          seen.set(target, performance.now())
      }
    }
  }
  // Ends with an abort when the test is done with it.
  read(response.body).catch(() => undefined)
  await ready
  return { seenAt: (target) => seen.get(target), stop: () => controller.abort() }
}
