import { createServer } from 'node:http'
import type { EchoOrder } from './program.ts'

// The limit of what is answered from memory: a bare server that takes the whole request and answers as many bytes as
// Reeve does. It looks at nothing, knows nobody and records nothing.

process.once('disconnect', () => process.exit())
process.once('message', ({ answer }: EchoOrder) => {
  const server = createServer((request, response) => {
    let form = ''
    request.setEncoding('latin1')
    request.on('data', (chunk: string) => {
      form += chunk
    })
    request.on('end', () => {
      response.writeHead(form === '' ? 400 : 200, {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'content-length': answer.length,
      })
      response.end(answer)
    })
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address === 'object' && address !== null) process.send?.({ port: address.port })
  })
})
