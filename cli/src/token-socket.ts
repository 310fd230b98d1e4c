import { lstatSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { FollowedToken } from '@reeve/sdk'
import { CommandError } from './exit-code.ts'

/** A local endpoint for tokens. */
export interface TokenSocket {
  close(): Promise<void>
}

// A path of more does not fit into the system's address of a socket (unix(7)).
const PATH_BYTES_MAX = 107
const FOR_ITS_USER = 0o177

/**
 * Answers `GET /token` on a Unix socket, for this user's programs alone, with the token of now in the shape of RFC 6749
 * §5.1; 503 where there is none that is valid.
 */
export const openTokenSocket = async (path: string, now: () => FollowedToken | undefined): Promise<TokenSocket> => {
  if (Buffer.byteLength(path) > PATH_BYTES_MAX)
    throw new CommandError(`${path} is too long for a socket`, { next: `name one of at most ${PATH_BYTES_MAX} bytes` })
  await removeLeftOver(path)
  const server = createServer({ maxHeaderSize: 4_096, requestTimeout: 5_000 }, (request, response) => {
    // Nothing that is sent is looked at; a body is thrown away.
    request.resume()
    if (request.url !== '/token') return answer(response, 404, { error: 'not_found' })
    if (request.method !== 'GET') return answer(response, 405, { error: 'method_not_allowed' })
    const token = now()
    if (token === undefined)
      return answer(response, 503, { error: 'no_token', error_description: 'there is no valid token at this moment' })
    // Rounded down: whoever counts on it stops before its end.
    const expires_in = Math.floor(token.expiresInSeconds)
    answer(response, 200, { access_token: token.token, token_type: 'Bearer', expires_in })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'EADDRINUSE' ? taken(path) : error))
    // Bound at once, so that there is no moment in which somebody else may connect.
    const before = process.umask(FOR_ITS_USER)
    server.listen(path, resolve)
    process.umask(before)
  })
  return {
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

const taken = (path: string): CommandError =>
  new CommandError(`${path} is there already, and is no socket that was left behind`, { next: 'name another socket' })

const answer = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}

/** A socket whose program was killed is removed; one that somebody listens on is theirs, and any other file is kept. */
const removeLeftOver = (path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      reject(new CommandError(`another program listens on ${path}`, { next: 'stop it, or name another socket' }))
    })
    probe.once('error', (error: NodeJS.ErrnoException) => {
      // A file that is no socket is refused in the same words (unix(7)), and a link may lead to anything.
      if (error.code === 'ECONNREFUSED' && lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true)
        rmSync(path, { force: true })
      resolve()
    })
  })
