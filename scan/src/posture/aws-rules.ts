import { accessKeyFact } from '../aws/access-key.ts'
import type { Sighting } from '../report.ts'
import { type Estate, has, type Judged, perTrait, type Rule } from './rule.ts'

const DAY_MS = 86_400_000

/** What can be wrong with the users and roles of an AWS account, beside whom they trust. */
export const awsRules: readonly Rule[] = [
  {
    id: 'aws/admin',
    owasp: 'NHI5',
    severity: 'high',
    confidence: 'high',
    title: 'an identity of AWS that may do everything',
    why: 'whoever has its key or its session has the whole account, and nothing is left that it could not undo',
    fix: 'give it the actions that it was seen to use (the access advisor tells them), and keep administration for people with a second factor',
    judge: perTrait('aws:admin', ({ detail }, sighting) => ({
      key: sighting.stableKey,
      evidence: [detail, ...exposures(sighting)],
      ...(exposures(sighting).length > 0 ? { severity: 'critical' } : {}),
    })),
  },
  {
    id: 'aws/privilege-escalation',
    owasp: 'NHI5',
    severity: 'high',
    confidence: 'high',
    title: 'an identity of AWS that can give itself more rights',
    why: 'each of these ways ends at the rights of somebody stronger: its own policies are no limit',
    fix: 'take the actions away, or allow them on named resources only, under a permissions boundary; limit iam:PassRole by role and by iam:PassedToService',
    judge: (estate) => perIdentity(estate, 'aws:escalation'),
  },
  {
    id: 'aws/privilege-escalation-on-some',
    owasp: 'NHI5',
    severity: 'low',
    confidence: 'low',
    title: 'an identity of AWS that may be able to give itself more rights',
    why: 'the ways are open on some resources or under a condition: it depends on what these can do',
    fix: 'see whether any of the named resources has more rights than this identity',
    judge: (estate) =>
      perIdentity(estate, 'aws:escalation-somewhere').filter(
        ({ sighting }) => !has(sighting, 'aws:escalation') && !has(sighting, 'aws:assume-chain'),
      ),
  },
  {
    id: 'aws/role-chain-to-admin',
    owasp: 'NHI5',
    severity: 'high',
    confidence: 'high',
    title: 'an identity of AWS that becomes an administrator by becoming another first',
    why: 'nothing in its own policies says so: it takes the chain of who can become whom',
    fix: 'let the role trust only those that need it, and name roles in sts:AssumeRole instead of `*`; let nobody make keys, passwords or trusts for somebody stronger, or pass their role',
    judge: perTrait('aws:assume-chain', ({ detail }, sighting) => ({
      key: sighting.stableKey,
      evidence: [`it becomes ${detail}`],
    })),
  },
  {
    id: 'aws/old-access-key',
    owasp: 'NHI7',
    severity: 'medium',
    confidence: 'high',
    title: 'an access key that was not changed for more than 90 days',
    why: 'a key works for whoever copied it, from anywhere, until somebody ends it',
    fix: 'let the program become a role (instance profile, OIDC federation, IAM Roles Anywhere) and delete the key; until then change it',
    judge: (estate) =>
      perKey(estate, ({ madeOn, isActive }, sighting) => {
        const days = daysSince(madeOn, estate.now)
        if (!isActive || days === undefined || days <= 90) return undefined
        const severity = has(sighting, 'aws:admin') ? 'critical' : days > 365 ? 'high' : 'medium'
        return { severity, evidence: [`made ${madeOn}, ${days} days ago`] }
      }),
  },
  {
    id: 'aws/unused-access-key',
    owasp: 'NHI1',
    severity: 'medium',
    confidence: 'high',
    title: 'an active access key that nobody uses',
    why: 'nobody would miss it, and nobody would notice if somebody else used it',
    fix: 'deactivate it, wait a week, delete it',
    judge: (estate) =>
      perKey(estate, ({ madeOn, usedOn, isActive }) => {
        const days = daysSince(usedOn === 'never' ? madeOn : usedOn, estate.now)
        if (!isActive || days === undefined || days <= 90) return undefined
        return {
          evidence: [usedOn === 'never' ? `made ${madeOn}, never used` : `last used ${usedOn}, ${days} days ago`],
        }
      }),
  },
  {
    id: 'aws/unused-role',
    owasp: 'NHI1',
    severity: 'low',
    confidence: 'high',
    title: 'a role that nobody becomes any more',
    why: 'its rights and its trust stay, and nobody looks after them',
    fix: 'ask its owner, then delete it',
    judge: (estate) => [
      ...perTrait('aws:last-used', unusedSince(estate, 'last used'))(estate),
      ...perTrait('aws:never-used', unusedSince(estate, 'never used, made'))(estate),
    ],
  },
  {
    id: 'aws/root-access-key',
    owasp: 'NHI5',
    severity: 'critical',
    confidence: 'high',
    title: 'the root user of an account has an access key',
    why: 'no policy limits it: it can close the account and lock everybody out',
    fix: 'delete the key; nothing needs it',
    judge: perTrait('aws:root-key'),
  },
  {
    id: 'aws/root-without-second-factor',
    owasp: 'NHI4',
    severity: 'high',
    confidence: 'high',
    title: 'the root user of an account has no second factor',
    why: 'its password, or whoever answers its mail, is enough for the whole account',
    fix: 'register two hardware keys for it, or remove its credentials centrally by AWS Organizations',
    judge: perTrait('aws:root-without-mfa'),
  },
  {
    id: 'aws/person-with-access-key',
    owasp: 'NHI10',
    severity: 'medium',
    confidence: 'medium',
    title: 'a user that a person signs in as has an access key',
    why: 'what programs do with it is booked on the person, has all their rights, and stops when they leave',
    fix: 'give the program a role of its own; let people get short sessions by single sign-on',
    judge: perTrait('aws:person-with-key', ({ detail }, sighting) => ({ key: sighting.stableKey, evidence: [detail] })),
  },
  {
    id: 'aws/password-without-second-factor',
    owasp: 'NHI4',
    severity: 'medium',
    confidence: 'high',
    title: 'a user signs in to the console with a password alone',
    why: 'a password that is guessed, reused or phished is then enough',
    fix: 'require a second factor, or move people to single sign-on and delete the password',
    judge: perTrait('aws:password-without-mfa'),
  },
  {
    id: 'aws/two-access-keys',
    owasp: 'NHI9',
    severity: 'low',
    confidence: 'medium',
    title: 'a machine user has two active access keys',
    why: 'either the last change of keys was never finished, or two programs share one identity',
    fix: 'see who uses which; give the second program an identity of its own, or delete the older key',
    judge: perTrait('aws:two-keys', (_, sighting) => ({ key: sighting.stableKey })),
  },
  {
    id: 'aws/signing-certificate',
    owasp: 'NHI7',
    severity: 'low',
    confidence: 'high',
    title: 'a user has an active signing certificate of the old kind',
    why: 'it is a credential that few interfaces still take and nobody remembers',
    fix: 'delete it, after a look at what might still sign with it',
    judge: perTrait('aws:signing-certificate', ({ detail }, sighting) => ({ key: `${sighting.stableKey} ${detail}` })),
  },
]

const daysSince = (day: string, now: Date): number | undefined => {
  const at = Date.parse(`${day}T00:00:00Z`)
  return Number.isNaN(at) ? undefined : Math.floor((now.getTime() - at) / DAY_MS)
}

const unusedSince = (estate: Estate, words: string) => (trait: { detail: string }, sighting: Sighting) => {
  const days = daysSince(trait.detail, estate.now)
  if (days === undefined || days <= 90) return undefined
  return { key: sighting.stableKey, evidence: [`${words} ${trait.detail}, ${days} days ago`] }
}

// Two exports may tell of one key: it is known by the day on which it was made.
const perKey = (
  estate: Estate,
  judge: (fact: NonNullable<ReturnType<typeof accessKeyFact>>, sighting: Sighting) => Partial<Judged> | undefined,
): Judged[] => {
  const seen = new Set<string>()
  return perTrait('aws:access-key', ({ detail }, sighting) => {
    const fact = accessKeyFact(detail)
    const judged = fact && judge(fact, sighting)
    if (!fact || !judged) return undefined
    const key = `${sighting.stableKey} ${fact.madeOn || fact.key}`
    if (seen.has(key)) return undefined
    seen.add(key)
    return { ...judged, key, evidence: [`access key ${fact.key} of ${sighting.name}`, ...(judged.evidence ?? [])] }
  })(estate)
}

// One finding an identity, with its ways: each is cured by the same change of its policies.
const perIdentity = ({ sightings }: Estate, name: string): Judged[] =>
  sightings.flatMap((sighting) => {
    const ways = sighting.traits.filter(({ trait }) => trait === name)
    const [first] = ways
    if (!first) return []
    const more = ways.length > EVIDENCE_MAX ? [`and ${ways.length - EVIDENCE_MAX} more ways`] : []
    const evidence = [...ways.slice(0, EVIDENCE_MAX).map(({ detail }) => detail), ...more]
    const isExposed = exposures(sighting).length > 0 && name === 'aws:escalation'
    return [
      {
        sighting,
        where: first.where,
        key: sighting.stableKey,
        evidence: [...evidence, ...exposures(sighting)],
        ...(isExposed ? { severity: 'critical' as const } : {}),
      },
    ]
  })

const EVIDENCE_MAX = 8

// Privileged and within reach of strangers: the worst that there is.
const exposures = (sighting: Sighting): string[] =>
  has(sighting, 'aws:trust-strangers') ? ['and strangers can become it from the internet'] : []
