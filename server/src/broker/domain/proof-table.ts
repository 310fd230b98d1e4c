import { type CredentialKind, isCredentialKind, rulesOfKind } from './credential-kind.ts'

/** How an identity may prove itself: the kinds of credential, and ways that are none or will be. */
export type ProofKind = CredentialKind | 'workload-identity' | 'certificate' | 'gateway' | 'delegated-oauth'

/** What the table says of one way for one kind of identity. */
export type ProofVerdict = 'preferred' | 'allowed' | 'refused'

/** What the table looks at. */
export interface Prover {
  readonly kind: string
  readonly tier: 'low' | 'medium' | 'high'
}

/** Whether an identity should, may or must not prove itself in this way; what is not named is refused. */
export const judgeProof = (prover: Prover, kind: ProofKind): ProofVerdict => {
  const proof = isCredentialKind(kind) && rulesOfKind(kind).isTls ? 'certificate' : kind
  const automation = CLASS_OF_KIND[prover.kind] ?? 'legacy'
  // A row of its own in the design: whoever calls by webhooks signs them, whatever else it is, where it may hold a secret at all.
  if (kind === 'webhook-secret') return WITHOUT_SECRETS.includes(automation) ? 'refused' : 'preferred'
  const row = TABLE[automation]
  if (row.preferred.includes(proof)) return 'preferred'
  if (row.allowed.includes(proof)) return 'allowed'
  return prover.tier === 'low' && row.allowedWhenLow.includes(proof) ? 'allowed' : 'refused'
}

/** What is preferred for identities of this kind, for the words of a finding. */
export const preferredProofs = (kind: string): readonly ProofKind[] => TABLE[CLASS_OF_KIND[kind] ?? 'legacy'].preferred

// CI jobs and agents hold no static secret, and many devices would share one.
const WITHOUT_SECRETS: readonly string[] = ['ci', 'agent', 'device'] satisfies AutomationClass[]

type AutomationClass = 'ci' | 'internal' | 'saas' | 'agent' | 'device' | 'legacy'

const CLASS_OF_KIND: Readonly<Record<string, AutomationClass>> = {
  'ci-job': 'ci',
  service: 'internal',
  bot: 'internal',
  script: 'internal',
  integration: 'saas',
  agent: 'agent',
  device: 'device',
  account: 'legacy',
}

interface Row {
  readonly preferred: readonly ProofKind[]
  readonly allowed: readonly ProofKind[]
  readonly allowedWhenLow: readonly ProofKind[]
}

// "How an identity should prove itself" of the design, for what can be presented to this server.
const TABLE: Readonly<Record<AutomationClass, Row>> = {
  ci: { preferred: ['federation'], allowed: ['public-key', 'bound-key', 'certificate'], allowedWhenLow: [] },
  internal: {
    preferred: ['workload-identity'],
    allowed: ['federation', 'public-key', 'bound-key', 'certificate'],
    allowedWhenLow: ['client-secret'],
  },
  saas: {
    preferred: ['delegated-oauth'],
    allowed: ['federation', 'public-key', 'bound-key', 'certificate'],
    allowedWhenLow: ['client-secret'],
  },
  agent: { preferred: ['gateway'], allowed: ['federation', 'public-key', 'bound-key'], allowedWhenLow: [] },
  device: { preferred: ['certificate'], allowed: ['public-key', 'bound-key', 'api-key'], allowedWhenLow: [] },
  legacy: { preferred: [], allowed: ['public-key', 'bound-key'], allowedWhenLow: [] },
}
