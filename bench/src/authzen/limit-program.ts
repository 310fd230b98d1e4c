import { createServer } from 'node:http'

// The limit: a bare server that parses the same body and answers as much. It knows nobody, decides nothing and records
// nothing.

process.once('disconnect', () => process.exit())
const server = createServer((request, response) => {
  let text = ''
  request.setEncoding('utf8')
  request.on('data', (chunk: string) => {
    text += chunk
  })
  request.on('end', () => {
    const { subject, action, resource } = JSON.parse(text)
    const decision = typeof subject.id === 'string' && typeof action.name === 'string' && resource.type !== ''
    const body = JSON.stringify({ decision, context: { id: 'dec_AaIX8NLLeRkKVuEJqzfnXQ.10' } })
    response.writeHead(200, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'content-length': body.length,
    })
    response.end(body)
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) process.send?.({ port: address.port })
})
