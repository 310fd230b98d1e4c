import type { ServerResponse } from 'node:http'
import type { Answer } from './answer.ts'
import type { Door } from './door.ts'

/** Where the answer to one request at the door goes. */
export interface LeanResponse {
  /** Nobody is there any more. */
  isGone(): boolean
  isSent(): boolean
  /** The whole answer, which calls the request so; one that cannot be written cuts the connection. */
  send(answer: Answer, name: string): void
  destroy(): void
}

/** The type of an answer that names none. */
export const JSON_TYPE = 'application/json'

/** What every answer says, names and values in turn. */
export const ALWAYS = ['x-content-type-options', 'nosniff', 'cache-control', 'no-store'] as const

/** The response of a request that Node's server has read. */
export const leanResponse = (
  response: ServerResponse,
  { slowReaders, tried }: Pick<Door, 'slowReaders' | 'tried'>,
): LeanResponse => ({
  isGone: () => response.destroyed,
  isSent: () => response.headersSent,
  send: ({ status, headers, text, type = JSON_TYPE }, name) => {
    const typed = text === '' ? [] : ['content-type', type]
    const ours = ['content-length', String(Buffer.byteLength(text)), 'x-request-id', name, ...ALWAYS]
    const all = [...typed, ...ours, ...headers.flat()]
    if (tried(() => response.writeHead(status, all).end(text)) === undefined) response.destroy()
    // What the system took already needs no watching; behind other answers of its connection it may have to wait.
    if (!response.destroyed && response.socket?.writableLength !== 0) slowReaders.watch(response)
  },
  destroy: () => response.destroy(),
})
