import { credentialFact } from '../exports/credential-fact.ts'
import { WEAK_KEY } from '../exports/weak-key.ts'
import type { Sighting, Trait } from '../report.ts'
import { isOfPublicEndpoint } from './public-endpoint.ts'

export const MEANINGS = [
  'privileged',
  'long-lived',
  'reachable',
  'leaked',
  'weakly-proven',
  'unused',
  'over-privileged',
  'shared',
  'third-party',
  'person',
] as const
/** What a trait says of an identity, whatever source says it. */
export type Meaning = (typeof MEANINGS)[number]

/** What the traits of all sources mean; what the register says of its identities begins with `nhi:`. */
const MEANING_OF: Readonly<Record<string, Meaning>> = {
  'nhi:privileged': 'privileged',
  'aws:admin': 'privileged',
  'aws:escalation': 'privileged',
  'aws:assume-chain': 'privileged',
  'aws:root-key': 'privileged',
  'k8s:cluster-admin': 'privileged',
  'k8s:escalation': 'privileged',
  'k8s:secrets-everywhere': 'privileged',
  'k8s:engine-socket': 'privileged',
  'k8s:privileged': 'privileged',
  'compose:privileged': 'privileged',
  'compose:engine-socket': 'privileged',
  'ci:permissions-write-all': 'privileged',
  'terraform:broad-role': 'privileged',
  'account:broad-role': 'privileged',
  'account:impersonates': 'privileged',
  'account:superuser': 'privileged',
  'account:administrators-only': 'privileged',
  superuser: 'privileged',
  'nhi:long-lived': 'long-lived',
  'nhi:static-credential': 'long-lived',
  'aws:access-key': 'long-lived',
  'k8s:static-token': 'long-lived',
  'ci:static-cloud-key': 'long-lived',
  'ci:publish-token': 'long-lived',
  'terraform:static-key': 'long-lived',
  'terraform:token-end': 'long-lived',
  'credential:while-used': 'long-lived',
  'app:static-secret': 'long-lived',
  'nhi:reachable': 'reachable',
  'aws:trust-everybody': 'reachable',
  'aws:trust-strangers': 'reachable',
  'federation:open': 'reachable',
  'ci:untrusted-trigger': 'reachable',
  'account:reachable': 'reachable',
  'compose:published-to-all': 'reachable',
  'k8s:everyone': 'reachable',
  'terraform:public-role': 'reachable',
  'nhi:leaked': 'leaked',
  'terraform:secret-in-state': 'leaked',
  'secret-in-settings': 'leaked',
  'nhi:refused-credential': 'weakly-proven',
  'guessable-password': 'weakly-proven',
  'no-authentication': 'weakly-proven',
  [WEAK_KEY]: 'weakly-proven',
  'nhi:unused': 'unused',
  'aws:never-used': 'unused',
  'account:unused-since': 'unused',
  'nhi:unused-rights': 'over-privileged',
  'nhi:general-purpose': 'over-privileged',
  'k8s:wildcard': 'over-privileged',
  'nhi:shared': 'shared',
  'nhi:units': 'shared',
  'nhi:environments': 'shared',
  'k8s:shared-account': 'shared',
  'k8s:default-account': 'shared',
  'compose:shared-env-file': 'shared',
  'nhi:third-party': 'third-party',
  'ci:secrets-inherited': 'third-party',
  'ci:unpinned-action-with-secret': 'third-party',
  'nhi:person': 'person',
  'ci:personal-token': 'person',
  'mcp:personal-token': 'person',
  'personal-account': 'person',
  'aws:person-with-key': 'person',
}

/** The traits of a sighting by what they mean. */
export const meaningsOf = (sighting: Pick<Sighting, 'source' | 'traits'>): ReadonlyMap<Meaning, readonly Trait[]> => {
  const found = new Map<Meaning, Trait[]>()
  const add = (meaning: Meaning, trait: Trait): void => {
    const known = found.get(meaning)
    if (known === undefined) found.set(meaning, [trait])
    else known.push(trait)
  }
  for (const trait of sighting.traits) {
    const meaning = meaningOf(trait)
    if (meaning === undefined) continue
    add(meaning, trait)
    // A copy of it that nothing ends is a way in from anywhere.
    if (meaning === 'long-lived' && isOfPublicEndpoint(trait, sighting)) add('reachable', trait)
  }
  return found
}

const meaningOf = ({ trait, detail }: Trait): Meaning | undefined => {
  if (trait.startsWith('secret:')) return 'leaked'
  // What an export lists is long-lived where it says that it never ends.
  if (trait === 'credential:listed') return credentialFact(detail)?.endsOn === 'never' ? 'long-lived' : undefined
  return MEANING_OF[trait]
}
