import { type CredentialFact, credentialFact, credentialTrait } from '../../exports/credential-fact.ts'
import type { Location, Sighting, Trait } from '../../report.ts'
import type { Fact, Related } from '../../source.ts'

/** That an account is disabled, by its address. */
export const DISABLED = 'gcp:disabled'
/** That something runs as an account: the name of the thing, and the account's address. */
export const RUNS_AS = 'gcp:runs-as'
/** That strangers may call a thing, or become an account: its name, and whom the policy names. */
export const OPEN_TO_STRANGERS = 'gcp:open-to-strangers'

/** What the files of an export tell of an account together: its state, its use, and whether strangers get to it. */
export const relateGoogle = (sightings: readonly Sighting[], facts: readonly Fact[]): Related => {
  const disabled = new Set(facts.filter(({ type }) => type === DISABLED).map(({ fields }) => fields.account))
  const reachable = reachableBy(facts)
  const changed = sightings.flatMap((sighting) => {
    const email = /^gcp:(.{1,300})$/.exec(sighting.stableKey)?.[1] ?? ''
    const traits = disabled.has(email)
      ? whenDisabled(sighting)
      : [...atLatest(sighting.traits), ...(reachable.get(email) ?? [])]
    return [{ ...sighting, traits }]
  })
  return { sightings: changed, problems: [] }
}

// Nothing that it has works before somebody enables it: that it has it is what is wrong.
const whenDisabled = ({ traits, reaches, where }: Sighting): Trait[] => {
  const keys = new Set(
    traits.flatMap(({ trait, detail }) => (trait === 'credential:listed' ? (credentialFact(detail)?.name ?? []) : [])),
  )
  const has = [
    ...(reaches.length > 0 ? [`${reaches.length} roles`] : []),
    ...(keys.size > 0 ? [`${keys.size} keys`] : []),
  ]
  const left = [
    ...traits.filter(({ trait }) => !trait.startsWith('account:') && trait !== 'credential:listed'),
    { trait: 'account:stopped', detail: 'it is disabled', where },
  ]
  return has.length === 0 ? left : [...left, { trait: 'account:disabled-with-access', detail: has.join(', '), where }]
}

// Of several answers the last counts; and a key's age, end and use, which come from two lists, are one credential's.
const atLatest = (traits: readonly Trait[]): Trait[] => {
  const credentials = new Map<string, { fact: CredentialFact; trait: Trait }>()
  const used = new Map<string, Trait>()
  const others: Trait[] = []
  for (const trait of traits) {
    const fact = trait.trait === 'credential:listed' ? credentialFact(trait.detail) : undefined
    if (fact) {
      const known = credentials.get(fact.name)
      credentials.set(fact.name, { fact: known ? together(known.fact, fact) : fact, trait: known?.trait ?? trait })
    } else if (trait.trait === 'account:last-used' || trait.trait === 'account:unused-since') {
      const known = used.get(trait.trait)
      if (!known || known.detail < trait.detail) used.set(trait.trait, trait)
    } else others.push(trait)
  }
  // One that was used at all is not one that never was.
  if (used.has('account:last-used')) used.delete('account:unused-since')
  return [
    ...others,
    ...used.values(),
    ...[...credentials.values()].map(({ fact, trait }) => ({
      ...trait,
      detail: credentialTrait(neverBeforeMade(fact), trait.where).detail,
    })),
  ]
}

const together = (a: CredentialFact, b: CredentialFact): CredentialFact => ({
  name: a.name,
  madeOn: a.madeOn || b.madeOn,
  usedOn: [a.usedOn, b.usedOn].sort()[1] ?? '',
  endsOn: a.endsOn || b.endsOn,
})

const neverBeforeMade = (fact: CredentialFact): CredentialFact =>
  fact.madeOn !== '' && fact.usedOn !== '' && fact.usedOn < fact.madeOn ? { ...fact, usedOn: 'never' } : fact

// Whatever strangers may call acts as the account that it runs as.
const reachableBy = (facts: readonly Fact[]): ReadonlyMap<string, readonly Trait[]> => {
  const open = new Map<string, { who: string; where: Location }>()
  for (const { type, fields, where } of facts)
    if (type === OPEN_TO_STRANGERS) open.set(fields.what ?? '', { who: fields.who ?? '', where })
  const found = new Map<string, Trait[]>()
  const add = (email: string, detail: string, where: Location): void => {
    found.set(email, [...(found.get(email) ?? []).slice(0, 20), { trait: 'account:reachable', detail, where }])
  }
  for (const [what, { who, where }] of open) {
    const email = /\/serviceAccounts\/([^/]{3,200})$/.exec(what)?.[1]
    if (email !== undefined) add(email, `${who} may become it`, where)
  }
  for (const { type, fields } of facts) {
    const one = type === RUNS_AS ? open.get(fields.what ?? '') : undefined
    if (one) add(fields.account ?? '', `${one.who} may call ${fields.what}, which runs as it`, one.where)
  }
  return found
}
