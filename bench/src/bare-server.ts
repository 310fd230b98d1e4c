import { createServer, type ServerResponse } from 'node:http'

/**
 * Serves a limit on a free port and tells it to the process that started this one, with which it ends: a bare server that
 * takes the whole body, and leaves to `answered` what is done with it.
 */
export const serveBare = (
  encoding: 'latin1' | 'utf8',
  answered: (text: string, response: ServerResponse) => void,
): void => {
  process.once('disconnect', () => process.exit())
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding(encoding)
    request.on('data', (chunk: string) => {
      text += chunk
    })
    request.on('end', () => answered(text, response))
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address === 'object' && address !== null) process.send?.({ port: address.port })
  })
}

/** Answers with this JSON, of ASCII alone. */
export const sendJson = (response: ServerResponse, text: string, status = 200): void => {
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': text.length,
  })
  response.end(text)
}
