import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { coreFault } from './fault.ts'

/** Makes and opens page cursors that nobody can forge, each bound to its list and filters. */
export interface Cursors {
  make(list: string, position: readonly (string | number)[]): string
  /** Throws `bad_cursor` when it is not ours, or of another list or filter. */
  open(list: string, cursor: string): readonly (string | number)[]
}

const Position = z.array(z.union([z.string(), z.number()])).max(8)
const MAC_BYTES = 16

/** Cursors authenticated with `key`; `list` names the operation and its filters. */
export const createCursors = (key: Uint8Array): Cursors => {
  const macOf = (list: string, body: string): string =>
    createHmac('sha256', key)
      .update(JSON.stringify([list, body]))
      .digest()
      .subarray(0, MAC_BYTES)
      .toString('base64url')
  return {
    make: (list, position) => {
      const body = Buffer.from(JSON.stringify(position)).toString('base64url')
      return `${body}.${macOf(list, body)}`
    },
    open: (list, cursor) => {
      const [body = '', mac = '', ...rest] = cursor.split('.')
      const given = Buffer.from(mac)
      const expected = Buffer.from(macOf(list, body))
      if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected))
        throw coreFault('bad_cursor')
      return Position.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')))
    },
  }
}

/** How a list is asked for: at most 200 a page. */
export const PageInput = {
  limit: z.number().int().min(1).max(200).default(50),
  cursor: z.string().max(2000).optional(),
}
