import { guessEnvironment } from '../environment.ts'
import type { Environment, Location, SeenCredential, Sighting } from '../report.ts'
import { type Estate, has, type Judged, type Rule } from './rule.ts'
import { lowIfReading } from './sharing.ts'

/** What no single file shows: the same secret in several places, and identities that nobody owns. */
export const acrossRules: readonly Rule[] = [
  {
    id: 'posture/across-environments',
    owasp: 'NHI8',
    severity: 'high',
    confidence: 'high',
    title: 'production and another environment use the same credential',
    why: 'whoever breaks into the weaker environment is in production at once',
    fix: 'make one credential for each environment, and let production refuse the others',
    judge: (estate) =>
      usesOf(estate).flatMap((uses) => {
        const environments = [...new Set(uses.flatMap(({ environment }) => environment ?? []))].sort()
        const weaker = uses.find(({ environment }) => environment && environment !== 'production')
        if (!weaker || !environments.includes('production')) return []
        return [judged(weaker, uses, `used in ${environments.join(' and ')}`)]
      }),
  },
  {
    id: 'posture/reused-credential',
    owasp: 'NHI9',
    severity: 'medium',
    confidence: 'high',
    title: 'several applications use the same credential',
    why: 'nobody can tell which of them acted, and changing it breaks all of them at once',
    fix: 'give each application an identity of its own',
    judge: (estate) =>
      usesOf(estate).flatMap((uses) => {
        const applications = [...new Set(uses.map(({ application }) => application))].sort()
        const [first] = uses
        return first && applications.length > 1 ? [judged(first, uses, `used by ${applications.join(', ')}`)] : []
      }),
  },
  {
    id: 'posture/across-units',
    owasp: 'NHI9',
    severity: 'high',
    confidence: 'high',
    title: 'several business units use the same credential',
    why: 'one unit’s break-in is the other’s, and neither can change the credential without the other',
    fix: 'give each unit an identity of its own, with a credential of its own',
    judge: (estate) =>
      usesOf(estate).flatMap((uses) => {
        const units = [...new Set(uses.flatMap(({ unit }) => unit ?? []))].sort()
        const [first] = uses
        return first && units.length > 1 ? [judged(first, uses, `used by ${units.join(' and ')}`)] : []
      }),
  },
  {
    id: 'posture/unowned',
    owasp: 'NHI1',
    severity: 'medium',
    confidence: 'medium',
    title: 'identities that nobody owns',
    why: 'nobody will be asked whether they are still needed, and nobody will notice when they are not',
    fix: 'name a team in CODEOWNERS, or label the service with its owner; then register them',
    judge: ({ sightings }) => {
      const unowned = Map.groupBy(
        // Who was stopped needs nobody any more.
        sightings.filter((one) => one.ownerHint === null && one.source !== 'secrets' && !has(one, 'account:stopped')),
        ({ repository }) => repository,
      )
      return [...unowned].flatMap(([repository, group]) => {
        const [first] = group
        if (!first) return []
        const names = group.slice(0, 5).map(({ name }) => name)
        const more = group.length > names.length ? `, and ${group.length - names.length} more` : ''
        return [
          {
            sighting: first,
            where: first.where,
            key: repository,
            evidence: [`${group.length} in ${repository}: ${names.join(', ')}${more}`],
          },
        ]
      })
    },
  },
]

interface Use {
  readonly sighting: Sighting
  readonly where: Location
  readonly credential: SeenCredential
  readonly environment: Environment | undefined
  readonly application: string
  /** The business unit, where the register knows whose it is. */
  readonly unit: string | undefined
}

// Each place where a credential lies, once, grouped by the credential; only those that lie in several.
const usesOf = ({ sightings }: Estate): Use[][] => {
  const places = new Map<string, Use>()
  for (const sighting of sightings) {
    for (const { credential, where } of sighting.traits) {
      if (!credential) continue
      const key = `${credential.fingerprint} ${where.path}:${where.line}`
      // A program that is started with it says more about its use than the file that it lies in.
      if (places.has(key) && sighting.source === 'secrets') continue
      const guess = guessEnvironment([{ name: where.inRepository, what: '' }])?.value
      const environment = sighting.source === 'secrets' ? guess : (sighting.environment?.value ?? guess)
      const told = (trait: string) => sighting.traits.find((each) => each.trait === trait)?.detail
      const application = told('nhi:application') ?? applicationOf(where)
      places.set(key, { sighting, where, credential, environment, application, unit: told('nhi:unit') })
    }
  }
  return [...Map.groupBy(places.values(), ({ credential }) => credential.fingerprint).values()]
    .filter((uses) => uses.length > 1)
    .map((uses) => uses.sort(easiestFirst))
}

// Where the change is made: not in production, and where a program is started with it rather than in its code.
const easiestFirst = (a: Use, b: Use): number =>
  Number(a.environment === 'production') - Number(b.environment === 'production') ||
  Number(a.sighting.source === 'secrets') - Number(b.sighting.source === 'secrets')

// Folders with a `.env` of their own are applications of their own; everything else of a repository is one.
const applicationOf = ({ repository, inRepository }: Location): string => {
  const folders = inRepository.split('/')
  const name = folders.pop() ?? ''
  return folders.length > 0 && /^\.env/.test(name) ? `${repository}/${folders.join('/')}` : repository
}

const judged = (at: Use, uses: readonly Use[], what: string): Judged => ({
  ...lowIfReading(uses.map(({ sighting }) => sighting)),
  sighting: at.sighting,
  where: at.where,
  key: at.credential.fingerprint,
  credential: at.credential,
  evidence: [what, ...uses.slice(0, 8).map(({ where }) => `${where.path}:${where.line}`)],
})
