import { hashSecret, hasSecretForm } from '../client-secret.ts'
import { type ClientProof, type ProofProblem, readClientProof } from '../domain/client-proof.ts'
import type { OAuthRequest } from './oauth-request.ts'

type SecretProof = Extract<ClientProof, { method: 'secret' }>

/**
 * The proof in a request. The header of a connection that is kept open is mostly the one of before, and is read once. INVARIANT: nothing
 * is remembered but what follows from the header alone; whether there is another proof beside it is looked at each time, and whether
 * it proves anybody too.
 */
export const readProof = ({
  authorization,
  form,
  certificate,
  remembered,
}: OAuthRequest): ClientProof | ProofProblem => {
  const isByHeader = authorization !== undefined && !OTHERS.some((name) => form.has(name))
  if (isByHeader && remembered?.proof !== undefined && remembered.authorization === authorization)
    return remembered.proof
  const proof = readClientProof(authorization, form, certificate !== undefined)
  if (
    isByHeader &&
    remembered !== undefined &&
    typeof proof !== 'string' &&
    'method' in proof &&
    proof.method === 'secret'
  ) {
    remembered.authorization = authorization
    remembered.proof = proof
    looks.set(proof, { hasForm: hasSecretForm(proof.secret), digest: digestText(proof.secret) })
  }
  return proof
}

// What may stand in a form and has a say in who asks.
const OTHERS = ['client_id', 'client_secret', 'client_assertion', 'client_assertion_type', 'grant_type']

/** Whether this could be a secret of ours at all. */
export const hasFormOf = (proof: SecretProof): boolean => looks.get(proof)?.hasForm ?? hasSecretForm(proof.secret)

/** By what it is compared. */
export const digestOf = (proof: SecretProof): Buffer => looks.get(proof)?.digest ?? digestText(proof.secret)

const digestText = (secret: string): Buffer => Buffer.from(hashSecret(secret), 'base64url')

/** Of proofs that are remembered, for as long as they are. */
const looks = new WeakMap<ClientProof, { readonly hasForm: boolean; readonly digest: Buffer }>()
