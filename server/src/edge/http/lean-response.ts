import type { ServerResponse } from 'node:http'
import type { Door } from './door.ts'

/** Where the answer to one request at the door goes. */
export interface LeanResponse {
  /** Nobody is there any more. */
  readonly destroyed: boolean
  readonly headersSent: boolean
  /** The whole answer, with the names and values of its headers in turn; one that cannot be written cuts the connection. */
  send(status: number, headers: readonly string[], text: string): void
  destroy(): void
}

/** The response of a request that Node's server has read. */
export const leanResponse = (
  response: ServerResponse,
  { slowReaders, tried }: Pick<Door, 'slowReaders' | 'tried'>,
): LeanResponse => ({
  get destroyed() {
    return response.destroyed
  },
  get headersSent() {
    return response.headersSent
  },
  send: (status, headers, text) => {
    if (tried(() => response.writeHead(status, [...headers]).end(text)) === undefined) response.destroy()
    // What the system took already needs no watching; behind other answers of its connection it may have to wait.
    if (!response.destroyed && response.socket?.writableLength !== 0) slowReaders.watch(response)
  },
  destroy: () => response.destroy(),
})
