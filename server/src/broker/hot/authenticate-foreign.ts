import type { ClientProof } from '../domain/client-proof.ts'
import { foreignFacts } from '../domain/foreign-claims.ts'
import { isProofType, OTHER_TYPE } from '../domain/proof-type.ts'
import { fault } from '../faults.ts'
import type { ForeignToken } from '../foreign-token.ts'
import { provenFor, useOf } from '../foreign-use.ts'
import type { Client, ClientCredential, ClientMemory } from '../memory/client-memory.ts'
import type { StoredTrust } from '../store-trust.ts'
import type { AuthenticateGiven, ProvenClient, UnprovenClient } from './authenticate-client.ts'
import { printable } from './hot-event.ts'

type Offered = Extract<ClientProof, { method: 'federation' }>
type Proven = Extract<ForeignToken, { state: 'proven' }>

/** Finds out whose trust a token of another issuer fits. Whether that one may act now is judged later, from memory. */
export const authenticateForeign = async (
  { proof, clientId }: Offered,
  given: Pick<AuthenticateGiven, 'memory' | 'foreign'>,
  from: string | null,
): Promise<ProvenClient | UnprovenClient> => {
  const token = await given.foreign.read(proof, from)
  const refuse = async (code: Parameters<typeof fault>[0], cause: string, near?: Client): Promise<UnprovenClient> => {
    // From the database, whoever it is: a failure must not tell by its speed who exists and was in memory.
    const meant = clientId === undefined ? undefined : await given.memory.reload(clientId)
    return {
      isProven: false,
      fault: fault(code),
      claimedId: clientId ?? null,
      client: meant ?? near,
      evidence: evidenceOf(token, cause),
    }
  }
  // INVARIANT: as what no trust names is refused: whoever proves nothing does not hear whom somebody trusts.
  if (token.state !== 'proven') return refuse('federation_refused', causeOf(token))
  if ('header' in proof && !isProofType(proof, 'platform')) return refuse('federation_refused', OTHER_TYPE)
  if (token.late !== undefined) return refuse('federation_expired', token.late)
  const fitting = provenFor(token)
  const [first] = fitting
  if (first === undefined) return refuse('federation_refused', 'it fits no trust', await nearest(token, given))
  // Fail closed: one token is one identity, whichever is asked for.
  if (fitting.some(({ identity }) => identity !== first.identity))
    return refuse('federation_ambiguous', 'it fits the trusts of several identities')
  const found = await clientOf(fitting, given.memory)
  if (found === undefined || (clientId !== undefined && !isCalled(found.client, clientId)))
    return refuse('federation_refused', 'it fits a trust of another identity than client_id names')
  const facts = foreignFacts(token.claims, found.trust.terms.platform)
  if (facts === undefined) return refuse('federation_refused', 'its jti is malformed', found.client)
  return {
    isProven: true,
    client: found.client,
    credential: found.credential,
    once: useOf(token, facts, proof),
    instance: facts.instance,
    issuer: token.issuer,
    workflow: { name: facts.workflow, repository: facts.repository, run: facts.run },
  }
}

/** Why a token of another issuer proves nothing. */
export const causeOf = ({ state, why }: Exclude<ForeignToken, Proven>): string =>
  why === undefined ? CAUSES[state] : `${CAUSES[state]}: ${why}`

const CAUSES = {
  malformed: 'it is no token with an issuer',
  untrusted: 'no trust names its issuer',
  unreachable: 'its issuer cannot be asked for its keys',
  forged: 'it is not signed by its issuer, with a key and an algorithm of it',
} as const

const isCalled = ({ subject }: Client, clientId: string): boolean =>
  subject.id === clientId || subject.name === clientId

/** What the owner is told: of a token that is not proven only an issuer that somebody trusts. */
const evidenceOf = (token: ForeignToken, cause: string): Readonly<Record<string, string>> => {
  const { sub } = token.state === 'proven' ? token.claims : {}
  return {
    cause: printable(cause),
    ...(token.issuer === undefined ? {} : { issuer: printable(token.issuer) }),
    ...(typeof sub === 'string' ? { subject: printable(sub) } : {}),
  }
}

/** Whom to tell of a token that fits nothing: whose trust it comes near to. */
const nearest = async (
  { trusts, claims }: Proven,
  { memory }: { readonly memory: ClientMemory },
): Promise<Client | undefined> => {
  const [near] = trusts.near(claims)
  return near === undefined ? undefined : memory.find(near.identity)
}

/** The identity, with the credential that is in force if one of several is. */
const clientOf = async (
  fitting: readonly StoredTrust[],
  memory: ClientMemory,
): Promise<{ client: Client; credential: ClientCredential; trust: StoredTrust } | undefined> => {
  const identity = fitting[0]?.identity ?? ''
  // A trust that was just added may be known before the credential that it belongs to.
  for (const load of [memory.find, memory.reload]) {
    const client = await load(identity)
    if (client === undefined) return undefined
    const found = fitting.flatMap((trust) => {
      const credential = client.credentials.find(({ id }) => id === trust.credential)
      return credential === undefined ? [] : [{ client, credential, trust }]
    })
    const best = found.find(({ credential }) => credential.state === 'active') ?? found[0]
    if (best !== undefined) return best
  }
  return undefined
}
