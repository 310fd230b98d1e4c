import { exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import { sha256All } from '../digest.ts'
import type { Random } from '../random.ts'
import { type AssertionParties, signAssertion } from './sign-assertion.ts'

/** What a machine keeps of the key that is bound to it: the key, and how often it was used. */
export interface BoundKeyState {
  readonly privateKey: JWK
  /** Which use of the key is under way, or was the last. */
  readonly generation: number
  /** A number of that use alone; once a token came of it no more than its digest, by which nobody can repeat it. */
  readonly attempt: string
  readonly previous?: string | undefined
  /** Whether no token came of it yet: then the same use is made again, and no other. */
  readonly isPending: boolean
}

/** A state that nobody else reads or writes until it is released. */
export interface HeldBoundKey {
  /** Undefined before the first use. */
  readonly state: BoundKeyState | undefined
  /** Keeps the next state; resolves only when it would be found again after a crash. */
  save(state: BoundKeyState): Promise<void>
  release(): void
}

/** Where the state is kept, such as `createBoundKeyFile` of `@reeve/sdk/bound-key` does. */
export interface BoundKeyStore {
  /** Waits until nobody else holds it: two uses at once would look like two machines. */
  hold(): Promise<HeldBoundKey>
}

/** The next use of a key: its assertion, and what is to be told of how it ended. */
export interface BoundKeyUse {
  readonly assertion: string
  /** Ends the use; one that gave no token is made again, as it was. */
  settle(isGranted: boolean): Promise<void>
}

/** Makes the next use of a bound key, or again the last one if no token came of it. */
export const useBoundKey = async (
  store: BoundKeyStore,
  given: AssertionParties & { readonly join: (() => Promise<string>) | undefined },
): Promise<BoundKeyUse> => {
  const held = await store.hold()
  try {
    const { state } = held
    if (state === undefined && given.join === undefined)
      throw new Error('this machine has not joined yet, and has no secret to join with')
    const use =
      state === undefined ? await firstUse(given.random) : state.isPending ? state : nextUse(state, given.random)
    // INVARIANT: on disk before it is sent: what was sent and is forgotten would be told for a copy of itself.
    if (use !== state) await held.save(use)
    const assertion = await sign(use, given)
    return {
      assertion,
      settle: async (isGranted) => {
        try {
          const [attempt = ''] = await sha256All([use.attempt])
          if (isGranted) await held.save({ ...use, attempt, isPending: false })
        } catch {
          // It stays pending, and is made again: the issuer knows it as the same use.
        } finally {
          held.release()
        }
      },
    }
  } catch (error) {
    held.release()
    throw error
  }
}

const firstUse = async (random: Random): Promise<BoundKeyState> => {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await exportJWK(privateKey)), alg: 'ES256' }
  return { privateKey: jwk, generation: 1, attempt: random.id(), isPending: true }
}

const nextUse = ({ privateKey, generation, attempt }: BoundKeyState, random: Random): BoundKeyState => ({
  privateKey,
  generation: generation + 1,
  attempt: random.id(),
  previous: attempt,
  isPending: true,
})

const sign = async (
  { privateKey, generation, attempt, previous }: BoundKeyState,
  { join, ...parties }: AssertionParties & { readonly join: (() => Promise<string>) | undefined },
): Promise<string> => {
  const { kty, crv, x, y } = privateKey
  const joining = generation === 1 && join !== undefined
  return signAssertion(
    parties,
    await importJWK(privateKey, 'ES256'),
    { alg: 'ES256' },
    {
      reeve_generation: generation,
      reeve_attempt: attempt,
      ...(previous === undefined ? {} : { reeve_previous: previous }),
      ...(joining ? { reeve_join: (await join()).trim(), reeve_key: { kty, crv, x, y } } : {}),
    },
  )
}
