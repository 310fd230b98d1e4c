import { safeText } from './safe-text.ts'
import { showStop } from './show-stop.ts'
import { showTime } from './show-value.ts'

/** What a person is told of these in place of all that they answer: what was done, to what, when, and what comes next. */
export const SHORT_RESULTS: Readonly<Record<string, (answer: object) => string>> = {
  'broker.credential.revoke': (answer) => {
    const { identity } = credentialIn(answer, 'credential')
    return `${showMove(answer, 'revoked for good')}next: what else it proves itself with: reeve credential list ${identity}\n`
  },
  'broker.credential.rollback': (answer) => {
    const old = credentialIn(answer, 'keeps')
    return [
      showMove(answer, 'revoked for good'),
      `credential ${old.id} (${old.kind}) goes on: ${old.state}, ends ${showTime(old.expiresAt)}\n`,
      `next: whoever has moved to the new one must use the old one again: reeve credential show ${old.id}\n`,
    ].join('')
  },
  'broker.credential.quarantine': (answer) => {
    const { id } = credentialIn(answer, 'credential')
    return `${showMove(answer, 'quarantined')}undo: reeve release credential ${id} --reason "…"\n`
  },
  'broker.credential.release': (answer) => showMove(answer, 'released'),
}

const showMove = (answer: object, done: string): string => {
  const { id, kind, identity, stateAt } = credentialIn(answer, 'credential')
  return showStop({ ...answer, stoppedAt: stateAt }, `credential ${id} (${kind}) of ${identity}`, done)
}

type Told = Readonly<Record<'id' | 'kind' | 'identity' | 'state' | 'stateAt' | 'expiresAt', string>>

const credentialIn = (answer: object, name: string): Told => {
  const credential = Object(Reflect.get(answer, name))
  const text = (field: string): string => safeText(Reflect.get(credential, field))
  return {
    ...{ id: text('id'), kind: text('kind'), identity: text('identity') },
    ...{ state: text('state'), stateAt: text('stateAt'), expiresAt: text('expiresAt') },
  }
}
