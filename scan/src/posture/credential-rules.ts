import { credentialFact } from '../exports/credential-fact.ts'
import { WEAK_KEY } from '../exports/weak-key.ts'
import type { Severity } from '../report.ts'
import { daysBetween, oncePerDetail } from './account-rules.ts'
import { type Estate, type Judged, perTrait, type Rule } from './rule.ts'

interface Wrong {
  readonly what: string
  readonly severity?: Severity
}

// An ended credential proves nothing any more: what is wrong with it is over.
const perCredential =
  (judge: (fact: NonNullable<ReturnType<typeof credentialFact>>, now: Date) => Wrong | undefined) =>
  (estate: Estate): Judged[] => {
    const seen = new Set<string>()
    return perTrait('credential:listed', ({ detail }, { stableKey }) => {
      const fact = credentialFact(detail)
      if (!fact || (daysBetween(fact.endsOn, estate.now) ?? -1) > 0) return undefined
      const wrong = judge(fact, estate.now)
      const key = `${stableKey} ${fact.name}`
      if (!wrong || seen.has(key)) return undefined
      seen.add(key)
      return { key, evidence: [`${fact.name}: ${wrong.what}`], ...(wrong.severity ? { severity: wrong.severity } : {}) }
    })(estate)
  }

// Keys of 829 bits were factored in public; 1024 are within reach of those who are paid for it.
const isBroken = (told: string): boolean => Number(/ of (\d{1,6}) bits$/.exec(told)?.[1]) <= 1024

/** What can be wrong with the credentials of machines, whatever export or code tells of them. */
export const credentialRules: readonly Rule[] = [
  {
    id: 'credential/made-by-code',
    owasp: 'NHI7',
    severity: 'high',
    confidence: 'high',
    title: 'infrastructure code makes a key that never ends',
    why: 'it works for whoever copied it, from anywhere, and nothing in the code will ever replace it',
    fix: 'let the program become a role (instance profile, OIDC federation), and take the key out of the code',
    judge: perTrait('credential:made-by-code'),
  },
  {
    id: 'credential/without-end',
    owasp: 'NHI7',
    severity: 'medium',
    confidence: 'high',
    title: 'a credential without an end within a year',
    why: 'nobody will have to think of it again, and a copy of it works for as long',
    fix: 'replace it by federation or by one of at most 90 days; where it must stay, register it with an owner',
    judge: perCredential(({ endsOn }, now) => {
      if (endsOn === 'never') return { what: 'it never ends' }
      const days = daysBetween(endsOn, now)
      return days !== undefined && days < -366 ? { what: `it ends on ${endsOn}` } : undefined
    }),
  },
  {
    id: 'credential/old',
    owasp: 'NHI7',
    severity: 'medium',
    confidence: 'high',
    title: 'a credential that was not changed for more than 180 days',
    why: 'it was in more hands, logs and backups with every month, and each of those still opens the door',
    fix: 'rotate it now, and have it rotated from then on',
    judge: perCredential(({ madeOn }, now) => {
      const days = daysBetween(madeOn, now)
      if (days === undefined || days <= 180) return undefined
      return { what: `made ${madeOn}, ${days} days ago`, severity: days > 730 ? 'high' : 'medium' }
    }),
  },
  {
    id: 'credential/unused',
    owasp: 'NHI1',
    severity: 'medium',
    confidence: 'high',
    title: 'a credential that nobody uses',
    why: 'nobody would miss it, and nobody would notice if somebody else used it',
    fix: 'revoke it; whoever still needs it will say so, and gets one that ends',
    judge: perCredential(({ madeOn, usedOn }, now) => {
      const days = daysBetween(usedOn === 'never' ? madeOn : usedOn, now)
      if (days === undefined || days <= 90) return undefined
      return { what: usedOn === 'never' ? `made ${madeOn}, never used` : `last used ${usedOn}, ${days} days ago` }
    }),
  },
  {
    id: 'credential/weak-key',
    owasp: 'NHI4',
    severity: 'medium',
    confidence: 'high',
    title: 'a key that is too short, or of a kind that was withdrawn',
    why: 'an RSA key under 2048 bits is counted as broken by whoever can pay for it (NIST ended 1024 bits in 2013), and DSA was withdrawn: the private key can be worked out of the public one, which is no secret',
    fix: 'make a new pair (Ed25519, ECDSA P-256, or RSA of 3072 bits), have it trusted, and take the old one out',
    judge: (estate) =>
      oncePerDetail(WEAK_KEY)(estate).map((one) => (one.evidence.some(isBroken) ? { ...one, severity: 'high' } : one)),
  },
  {
    id: 'credential/not-rotated',
    owasp: 'NHI7',
    severity: 'low',
    confidence: 'high',
    title: 'a secret that nothing rotates',
    why: 'it changes when somebody thinks of it, which is after it got out',
    fix: 'switch its rotation on, or have what uses it lease an account instead',
    judge: oncePerDetail('credential:not-rotated'),
  },
  {
    id: 'credential/unrestricted',
    owasp: 'NHI5',
    severity: 'medium',
    confidence: 'high',
    title: 'a key that is good for everything and from everywhere',
    why: 'whoever copies it out of a page, a log or an app uses whatever its owner pays for',
    fix: 'restrict it to the services that it is for, and to the addresses or apps that send it',
    judge: oncePerDetail('credential:unrestricted'),
  },
  {
    id: 'credential/of-a-person',
    owasp: 'NHI10',
    severity: 'medium',
    confidence: 'medium',
    title: 'a program that acts with the token of a person',
    why: 'what it does is booked on the person, has their rights, and ends when they leave',
    fix: 'give the program an identity of its own: an app, a service account, federation',
    judge: oncePerDetail('credential:personal'),
  },
  {
    id: 'credential/visible-to-all',
    owasp: 'NHI9',
    severity: 'medium',
    confidence: 'high',
    title: 'a secret that every repository or project of the organisation may read',
    why: 'whoever may change any of them has it, and nobody can tell who used it',
    fix: 'give it to the repositories that need it, or one to each; better, federate and delete it',
    judge: oncePerDetail('credential:visible-to-all'),
  },
  {
    id: 'credential/unprotected',
    owasp: 'NHI2',
    severity: 'medium',
    confidence: 'medium',
    title: 'a secret variable that logs may show or any branch may read',
    why: 'whoever may push a branch, or read a log, has it',
    fix: 'mask and protect it, and hide its value; better, federate and delete it',
    judge: oncePerDetail('credential:unprotected'),
  },
]
