import { sendJson, serveBare } from '../bare-server.ts'

/** What is asked, as AuthZEN writes it. */
export interface Asked {
  readonly subject: { readonly id: unknown }
  readonly action: { readonly name: unknown }
  readonly resource: { readonly type: unknown }
}

/**
 * Serves a limit that parses the body that Reeve gets and answers as much. It knows nobody and decides nothing; `answered`
 * says when an answer may leave.
 */
export const serveLimit = (answered: (asked: Asked, decision: boolean, leave: () => void) => void): void => {
  serveBare('utf8', (text, response) => {
    const asked: Asked = JSON.parse(text)
    const { subject, action, resource } = asked
    const decision = typeof subject.id === 'string' && typeof action.name === 'string' && resource.type !== ''
    const body = JSON.stringify({ decision, context: { id: 'dec_AaIX8NLLeRkKVuEJqzfnXQ.10' } })
    answered(asked, decision, () => sendJson(response, body))
  })
}
