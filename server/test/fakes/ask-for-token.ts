import { createTokenDecider, type TokenQuestion, type TokenVerdict } from '../../src/policy/decide/decide-token.ts'
import type { PolicyMemory } from '../../src/policy/index.ts'
import type { Room } from '../room.ts'

/** What a token is asked for; what a test does not say of it is ordinary. */
export interface AskedToken extends Partial<Omit<TokenQuestion, 'resource' | 'now'>> {
  /** The id of the identity; `nhi_sync` where a test has one. */
  readonly identity?: string
  /** The name of the resource; `orders` where a test has one. */
  readonly resource?: string
}

/** Decides a token request as the token endpoint does, once the identity is in memory. */
export const askForToken = async (
  { random, clock }: Pick<Room, 'random' | 'clock'>,
  { memory }: { readonly memory: PolicyMemory },
  { identity = 'nhi_sync', resource = 'orders', ...asked }: AskedToken = {},
): Promise<TokenVerdict> => {
  await memory.warm(identity)
  return createTokenDecider(
    memory,
    random,
  )({
    subject: { id: identity, environment: 'production' },
    resource: { id: memory.resource(resource)?.id ?? '' },
    actions: [`${resource}.read`],
    credential: { kind: 'public-key' },
    instance: null,
    sourceIp: '192.0.2.7',
    now: clock.now(),
    ...asked,
  })
}
