import type { Location, SeenCredential, Trait } from '../report.ts'

/** What an export says of a credential; the secret is in none. */
export interface CredentialFact {
  /** What people call it: `key 1234 of deploy`. */
  readonly name: string
  /** Days, `never`, or nothing where the export does not say. */
  readonly madeOn: string
  readonly usedOn: string
  readonly endsOn: string
}

/** The trait of an identity whose credentials the export says are taken from some networks only. */
export const LIMITED_TO_NETWORKS = 'credential:limited-to-networks'

/** As a trait, whose detail people read. */
export const credentialTrait = (fact: CredentialFact, where: Location, credential?: SeenCredential): Trait => ({
  trait: 'credential:listed',
  detail: `${fact.name.slice(0, 160)}: made ${fact.madeOn || 'unknown'}, last used ${fact.usedOn || 'unknown'}, ends ${fact.endsOn || 'unknown'}`,
  where,
  ...(credential ? { credential } : {}),
})

/** And back, for the rules. */
export const credentialFact = (detail: string): CredentialFact | undefined => {
  const at = detail.lastIndexOf(': made ')
  const match = at === -1 ? null : FORM.exec(detail.slice(at))
  if (!match) return undefined
  const [, madeOn = '', usedOn = '', endsOn = ''] = match
  const known = (value: string) => (value === 'unknown' ? '' : value)
  return { name: detail.slice(0, at), madeOn: known(madeOn), usedOn: known(usedOn), endsOn: known(endsOn) }
}

const FORM =
  /^: made (\d{4}-\d\d-\d\d|unknown), last used (\d{4}-\d\d-\d\d|never|unknown), ends (\d{4}-\d\d-\d\d|never|unknown)$/

/** The day of a time as services write it: ISO 8601, or seconds or milliseconds since 1970; empty when it is none. */
export const dayIn = (text: string): string => {
  const iso = /^\d{4}-\d\d-\d\d/.exec(text)?.[0]
  if (iso) return iso
  const number = /^\d{9,13}(?:\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(number)) return ''
  return new Date(number < 100_000_000_000 ? number * 1000 : number).toISOString().slice(0, 10)
}
