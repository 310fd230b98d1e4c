import { postSecret, type TestBroker } from './broker.ts'
import { catchUpUses, runJob } from './broker-jobs.ts'

// Answers of many operations are looked into.
// biome-ignore lint/suspicious/noExplicitAny: as above
type Answer = any

/** Rotates a credential. */
export const rotate = (test: TestBroker, credential: string, over: object = {}): Promise<Answer> =>
  test.call('broker.credential.rotate', { credential, ...over })

/** Shows a credential, with its consumers. */
export const show = (test: TestBroker, credential: string): Promise<Answer> =>
  test.call('broker.credential.show', { credential })

/** Asks for a token as a running copy: 200, or why not. */
export const ask = async (test: TestBroker, secret: string, instance?: string): Promise<number | string> => {
  const { status, body } = await postSecret(test, secret, instance === undefined ? {} : { instance })
  return status === 200 ? 200 : body.code
}

/** What was used up to now is counted, and the rotations that are due move on. */
export const turn = async (test: TestBroker): Promise<void> => {
  await catchUpUses(test)
  await runJob(test, 'broker.rotation.advance')
  await test.room.changes.catchUp()
}

/** What `reeve why` says of a rotation. */
export const whyRotation = async (test: TestBroker, rotation: string): Promise<string> => {
  const why = await test.broker.reasons.rot(test.room.database.reader, rotation)
  return [why?.summary, ...(why?.because ?? [])].join('\n')
}

/** The sentences of `reeve why` about a credential. */
export const whyOf = async (test: TestBroker, credential: string): Promise<string> =>
  (await test.broker.reasons.crd(test.room.database.reader, credential, test.room.clock.now()))?.because.join('\n') ??
  ''
