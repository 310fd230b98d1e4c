import type { Trait } from '../report.ts'
import { meaningsOf } from './meaning.ts'
import { isHighRisk } from './risk.ts'
import { has, perTrait, type Rule } from './rule.ts'
import { lowIfReading } from './sharing.ts'

const isPrivileged = (sighting: Parameters<typeof meaningsOf>[0]): boolean => meaningsOf(sighting).has('privileged')

const told = ({ detail, where }: Trait): string => `${detail} (${where.path}:${where.line})`

/** What can be wrong with an identity whatever source shows it; the register shows its own as traits `nhi:…`. */
export const identityRules: readonly Rule[] = [
  {
    id: 'posture/high-risk',
    owasp: 'NHI5',
    severity: 'critical',
    confidence: 'high',
    title: 'privileged, long-lived and reachable from the internet',
    why: 'whoever finds the way in holds much for long: these three together are what incidents are made of. A long-lived credential of an API that is on the internet (a cloud, Okta, GitHub, Slack) is such a way in by itself, as a copy of it works from anywhere, unless the export says that it is taken from some networks only',
    fix: 'take one of the three away: narrow its rights, give it short-lived credentials, or close the way in: a credential is closed by the networks that it is taken from (aws:SourceIp at AWS)',
    judge: ({ sightings }) =>
      sightings.flatMap((sighting) => {
        const meanings = meaningsOf(sighting)
        if (!isHighRisk(meanings)) return []
        const parts = (['privileged', 'long-lived', 'reachable'] as const).flatMap((meaning) =>
          (meanings.get(meaning) ?? []).slice(0, 2).map((trait) => `${meaning}: ${told(trait)}`),
        )
        return [{ sighting, where: sighting.where, key: sighting.stableKey, evidence: parts }]
      }),
  },
  {
    id: 'posture/unused',
    owasp: 'NHI1',
    severity: 'medium',
    confidence: 'high',
    title: 'an identity that nobody uses',
    why: 'nobody would notice if somebody else used it, and nobody would miss it',
    fix: 'quarantine it; when nothing breaks, retire it',
    judge: perTrait('nhi:unused', (_, sighting) => (isPrivileged(sighting) ? { severity: 'high' } : {})),
  },
  {
    id: 'posture/retired-but-seen',
    owasp: 'NHI1',
    severity: 'high',
    confidence: 'high',
    title: 'a retired identity is still there',
    why: 'it was ended in the register and lives on where it was seen: its keys work there, and nobody looks after it',
    fix: 'delete it where it was seen, or say that the sighting is another identity (`reeve sighting split`)',
    judge: perTrait('nhi:retired-seen'),
  },
  {
    id: 'posture/leaked-secret',
    owasp: 'NHI2',
    severity: 'high',
    confidence: 'high',
    title: 'a secret of an identity lies in the clear',
    why: 'whoever can read that place, or a copy of it, can act as this identity',
    fix: 'rotate the credential, then take the secret out of the place and its history',
    judge: perTrait('nhi:leaked'),
  },
  {
    id: 'posture/third-party-may-write',
    owasp: 'NHI3',
    severity: 'high',
    confidence: 'high',
    title: 'a third party holds an identity that may change things',
    why: 'a break-in at the vendor is one here, with the rights of this identity',
    fix: 'narrow it to what the vendor needs, let it go through an exchange, and keep its end date near',
    judge: perTrait('nhi:third-party', (_, sighting) =>
      has(sighting, 'nhi:writes') || isPrivileged(sighting) ? {} : undefined,
    ),
  },
  {
    id: 'posture/refused-credential',
    owasp: 'NHI4',
    severity: 'high',
    confidence: 'high',
    title: 'an identity proves itself in a way that its tier refuses',
    why: 'a static secret is as good for whoever copies it as for its owner, and this identity may do too much for that',
    fix: 'let it prove itself by federation or by a key of its own, then revoke the secret',
    judge: perTrait('nhi:refused-credential'),
  },
  {
    id: 'posture/unused-rights',
    owasp: 'NHI5',
    severity: 'medium',
    confidence: 'medium',
    title: 'an identity was granted more than it uses',
    why: 'what it never does, only an attacker would do with it',
    fix: 'see `reeve access tighten NAME`, which proposes what is left when the unused goes',
    judge: perTrait('nhi:unused-rights', (_, sighting) => (isPrivileged(sighting) ? { severity: 'high' } : {})),
  },
  {
    id: 'posture/general-purpose',
    owasp: 'NHI5',
    severity: 'high',
    confidence: 'medium',
    title: 'one identity does everything',
    why: 'it holds the rights of all its tasks at once: a fault in the least of them has all the others',
    fix: 'make one identity for each task, each with its own rights and owner',
    judge: perTrait('nhi:general-purpose'),
  },
  {
    id: 'posture/class-below-seen',
    owasp: 'NHI5',
    severity: 'high',
    confidence: 'high',
    title: 'an identity is declared less dangerous than a scan saw it',
    why: 'its tier follows from what was declared: approvals, lifetimes and reviews are those of something harmless, and it is not',
    fix: 'declare the blast radius that it has (`reeve identity change`), or take away there what exceeds it',
    judge: perTrait('nhi:class-below-seen'),
  },
  {
    id: 'posture/many-children',
    owasp: 'NHI5',
    severity: 'medium',
    confidence: 'high',
    title: 'an agent has spawned as many identities as it may',
    why: 'nobody reviews so many, and each has rights of its parent for as long as it lives',
    fix: 'retire the children whose work is done, and let them expire sooner',
    judge: perTrait('nhi:many-children'),
  },
  {
    id: 'posture/long-lived-credential',
    owasp: 'NHI7',
    severity: 'medium',
    confidence: 'high',
    title: 'a credential of an identity is old, or ends far ahead',
    why: 'whoever ever saw it can still use it',
    fix: 'rotate it now (`reeve credential rotate`), and let the next one live for days, not months',
    judge: perTrait('nhi:long-lived', (_, sighting) => (isPrivileged(sighting) ? { severity: 'high' } : {})),
  },
  {
    id: 'posture/shared-across-environments',
    owasp: 'NHI8',
    severity: 'high',
    confidence: 'medium',
    title: 'one identity works in production and in another environment',
    why: 'whoever breaks into the weaker environment is in production at once',
    fix: 'make an identity for each environment',
    judge: perTrait('nhi:environments', (_, sighting) => lowIfReading([sighting])),
  },
  {
    id: 'posture/shared',
    owasp: 'NHI9',
    severity: 'medium',
    confidence: 'medium',
    title: 'several applications use one identity',
    why: 'nobody can tell which of them acted, and stopping one stops all',
    fix: 'give each an identity of its own; low-risk reading may stay shared by a recorded exception',
    judge: perTrait('nhi:shared', (_, sighting) =>
      isPrivileged(sighting) ? { severity: 'high' } : lowIfReading([sighting]),
    ),
  },
  {
    id: 'posture/shared-across-units',
    owasp: 'NHI9',
    severity: 'high',
    confidence: 'medium',
    title: 'several business units use one identity',
    why: 'one unit’s break-in is the other’s, none of them answers for what it does, and its rights are the sum of what both need',
    fix: 'give each unit an identity of its own; low-risk reading may stay shared by a recorded exception (`reeve finding accept`)',
    judge: perTrait('nhi:units', (_, sighting) => lowIfReading([sighting])),
  },
  {
    id: 'posture/used-by-person',
    owasp: 'NHI10',
    severity: 'medium',
    confidence: 'medium',
    title: 'a person uses a credential of a machine',
    why: 'what the person does is booked on the machine, with its rights, and the person has a copy of the credential',
    fix: 'rotate the credential, let the program alone have it, and give the person access of their own',
    judge: perTrait('nhi:used-by-person', (_, sighting) => (isPrivileged(sighting) ? { severity: 'high' } : {})),
  },
  {
    id: 'posture/person-as-bot',
    owasp: 'NHI10',
    severity: 'medium',
    confidence: 'medium',
    title: 'a program uses an account of a person',
    why: 'it has the person’s rights, hides who acted, and stops working when the person leaves',
    fix: 'register an identity for the program, and take the person’s account away from it',
    judge: perTrait('nhi:person'),
  },
]
