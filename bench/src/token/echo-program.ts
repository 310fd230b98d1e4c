import { sendJson, serveBare } from '../bare-server.ts'
import type { EchoOrder } from './program.ts'

// The limit of what is answered from memory: a bare server that takes the whole request and answers as many bytes as
// Reeve does. It looks at nothing, knows nobody and records nothing.

process.once('message', ({ answer }: EchoOrder) => {
  serveBare('latin1', (form, response) => sendJson(response, answer, form === '' ? 400 : 200))
})
