import { releaseBytes } from './release-bytes.ts'

/** Takes bytes from a stream, as many as are asked for; no more than that and one chunk is in memory. */
export interface ByteReader {
  /** The next bytes, which stay; fewer at the end. */
  peek(length: number): Promise<Buffer>
  /** Fewer at the end. */
  take(length: number): Promise<Buffer>
  /** Whether so many were there. */
  skip(length: number): Promise<boolean>
}

/** A reader of chunks. */
export const byteReader = (chunks: AsyncIterator<Buffer>): ByteReader => {
  let held: Buffer[] = []
  let heldBytes = 0
  const fill = async (length: number): Promise<void> => {
    while (heldBytes < length) {
      const next = await chunks.next()
      if (next.done === true) return
      held.push(next.value)
      heldBytes += next.value.length
    }
  }
  const hold = (bytes: Buffer): void => {
    held = bytes.length > 0 ? [bytes] : []
    heldBytes = bytes.length
  }
  const peek = async (length: number): Promise<Buffer> => {
    await fill(length)
    const [first] = held
    const all = held.length === 1 && first ? first : Buffer.concat(held)
    hold(all)
    return all.subarray(0, length)
  }
  const take = async (length: number): Promise<Buffer> => {
    const [first] = held
    if (first && first.length >= length) {
      hold(first.subarray(length))
      return first.subarray(0, length)
    }
    // What spans chunks is put into memory of its own as it comes, and each chunk's is given back.
    const room = Buffer.allocUnsafeSlow(length)
    let at = 0
    while (at < length) {
      await fill(1)
      const chunk = held.shift()
      if (!chunk) break
      heldBytes -= chunk.length
      const copied = chunk.copy(room, at)
      at += copied
      if (copied === chunk.length) releaseBytes(chunk)
      else {
        held.unshift(chunk.subarray(copied))
        heldBytes += chunk.length - copied
      }
    }
    return room.subarray(0, at)
  }
  return {
    peek,
    take,
    async skip(length) {
      let left = length
      for (;;) {
        if (heldBytes >= left) {
          hold(Buffer.concat(held).subarray(left))
          return true
        }
        left -= heldBytes
        for (const chunk of held) releaseBytes(chunk)
        hold(Buffer.alloc(0))
        await fill(1)
        if (heldBytes === 0) return left === 0
      }
    },
  }
}
