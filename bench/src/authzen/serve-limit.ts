import { createServer, type ServerResponse } from 'node:http'

/** What is asked, as AuthZEN writes it. */
export interface Asked {
  readonly subject: { readonly id: unknown }
  readonly action: { readonly name: unknown }
  readonly resource: { readonly type: unknown }
}

/**
 * Serves a limit on a free port and tells it to the process that started this one: a bare server that parses the body
 * that Reeve gets and answers as much. It knows nobody and decides nothing; `answered` says when an answer may leave.
 */
export const serveLimit = (answered: (asked: Asked, decision: boolean, leave: () => void) => void): void => {
  process.once('disconnect', () => process.exit())
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => {
      text += chunk
    })
    request.on('end', () => {
      const asked: Asked = JSON.parse(text)
      const { subject, action, resource } = asked
      const decision = typeof subject.id === 'string' && typeof action.name === 'string' && resource.type !== ''
      const body = JSON.stringify({ decision, context: { id: 'dec_AaIX8NLLeRkKVuEJqzfnXQ.10' } })
      answered(asked, decision, () => send(response, body))
    })
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address === 'object' && address !== null) process.send?.({ port: address.port })
  })
}

const send = (response: ServerResponse, body: string): void => {
  response.writeHead(200, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': body.length,
  })
  response.end(body)
}
