import { type Finding, findingFingerprint, judge, rules } from '@reeve/scan/posture'
import type { AnyDb, AnyTx, Database } from '../../kit/database.ts'
import type { Job } from '../../kit/job.ts'
import { daysAfter } from '../domain/moment.ts'
import type { Sighting } from '../domain/sighting.ts'
import { placeOf } from '../posture/identity-sighting.ts'
import { judged, judgeThese } from '../posture/judge-these.ts'
import { LIMITS } from '../posture/limits.ts'
import { personSighting } from '../posture/person-sighting.ts'
import { seenSighting, sharedSighting } from '../posture/seen-sighting.ts'
import type { JudgedFinding, PosturePorts } from '../room.ts'
import { identitiesAfter, identitiesById } from '../store-identity.ts'
import { forgetRisks } from '../store-risk.ts'
import { sharedSecrets } from '../store-secret.ts'
import { sightingsAfter, sightingsById } from '../store-sighting.ts'

const PAGE = 500
const SECRETS_PAGE = 100
const ACROSS = new Set(['posture/across-environments', 'posture/reused-credential', 'posture/across-units'])
const NOT_ACROSS = new Set(rules.map(({ id }) => id).filter((id) => !ACROSS.has(id)))

/** Judges the whole register by the rules of scans, page by page; what is no longer found closes at the end of a run. */
export const judgePostureJob = (given: {
  readonly database: Database
  readonly ports: PosturePorts
  committed(): void
}): Job => ({
  name: 'inventory: judge posture',
  schedule: '13 44 * * * *',
  run: async (now) => {
    const { database, ports, committed } = given
    const found = new Set<string>()
    const report = async (findings: readonly JudgedFinding[], more?: (tx: AnyTx) => Promise<void>) => {
      for (const { fingerprint } of findings) found.add(fingerprint)
      await database.write(async (tx: AnyTx) => {
        await more?.(tx)
        await ports.findings.judged(tx, findings, now)
      })
      if (findings.length > 0) committed()
    }
    await judgeIdentities(database.reader, ports, now, report)
    await judgeSightings(database.reader, now, report)
    await judgeSecrets(database.reader, now, report)
    await judgePeople(database.reader, ports, now, report)
    await database.write((tx: AnyTx) => forgetRisks(tx))
    await ports.findings.closeUnjudged(database, found, now)
    committed()
  },
})

type Report = (findings: readonly JudgedFinding[], more?: (tx: AnyTx) => Promise<void>) => Promise<void>

const judgeIdentities = async (db: AnyDb, ports: PosturePorts, now: Date, report: Report): Promise<void> => {
  for (let after = ''; ; ) {
    const page = await identitiesAfter(db, after, PAGE)
    const { findings, keep } = await judgeThese(db, ports, page, now)
    await report(findings, keep)
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    after = last.id
  }
}

// What came without findings of its own is judged here, and what is there of an identity that is retired.
const judgeSightings = async (db: AnyDb, now: Date, report: Report): Promise<void> => {
  const foundOf = new Map<string, string>()
  for (let after = ''; ; ) {
    const page = await sightingsAfter(db, after, PAGE)
    const living = page.filter(({ goneAt }) => goneAt === null)
    const unjudged = living.filter(({ isJudged }) => !isJudged)
    const ofIdentity = new Map(living.map(({ stableKey, identityId }) => [stableKey, identityId]))
    const findings = judge({ sightings: unjudged.map(seenSighting), now }, ACROSS).map((finding) =>
      judged(apart(finding, foundOf), ofIdentity.get(finding.sighting) ?? null, finding.sighting),
    )
    findings.push(...(await retiredButSeen(db, living, now)))
    await report(findings)
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    after = last.id
  }
}

// Rules number what is alike in one file; of two pages each begins with the first, and those are not one finding.
const apart = (finding: Finding, foundOf: Map<string, string>): Finding => {
  const { fingerprint, sighting } = finding
  // It is about all of a repository.
  if (finding.rule === 'posture/unowned') return finding
  const first = foundOf.get(fingerprint) ?? sighting
  foundOf.set(fingerprint, first)
  return first === sighting ? finding : { ...finding, fingerprint: findingFingerprint([fingerprint, sighting]) }
}

const retiredButSeen = async (db: AnyDb, living: readonly Sighting[], now: Date): Promise<readonly JudgedFinding[]> => {
  const ids = living.flatMap(({ identityId }) => identityId ?? [])
  const identities = await identitiesById(db, ids)
  return living.flatMap((sighting) => {
    const identity = identities.get(sighting.identityId ?? '')
    if (identity?.state !== 'retired') return []
    const seen = seenSighting(sighting)
    const detail = `${identity.name} is retired since ${identity.stateAt.toISOString()}, and ${sighting.source} still sees it`
    const trait = { trait: 'nhi:retired-seen', detail, where: { ...placeOf(identity), path: seen.where.path } }
    const judgedNow = judge(
      { sightings: [{ ...seen, ownerHint: { value: '', because: '' }, traits: [trait] }], now },
      ACROSS,
    )
    return judgedNow.map((finding) => judged(finding, identity.id, sighting.stableKey))
  })
}

// One secret at a time, with all who have it: where the rules look across sightings, they look at these.
const judgeSecrets = async (db: AnyDb, now: Date, report: Report): Promise<void> => {
  for (let after = ''; ; ) {
    const page = await sharedSecrets(db, after, SECRETS_PAGE)
    const sightings = await sightingsById(
      db,
      page.flatMap((secret) => secret.sightings),
    )
    const identities = await identitiesById(
      db,
      [...sightings.values()].flatMap(({ identityId }) => identityId ?? []),
    )
    const findings: JudgedFinding[] = []
    for (const secret of page) {
      const having = secret.sightings.flatMap((id) => sightings.get(id) ?? [])
      const ofIdentity = new Map(having.map(({ stableKey, identityId }) => [stableKey, identityId]))
      const seen = having.map((sighting) => sharedSighting(sighting, identities.get(sighting.identityId ?? '')))
      for (const finding of judge({ sightings: seen, now }, NOT_ACROSS))
        findings.push(judged(finding, ofIdentity.get(finding.sighting) ?? null, finding.sighting))
    }
    await report(findings)
    const last = page.at(-1)
    if (last === undefined || page.length < SECRETS_PAGE) return
    after = last.id
  }
}

const judgePeople = async (db: AnyDb, ports: PosturePorts, now: Date, report: Report): Promise<void> => {
  const days = await ports.personDays(db, daysAfter(now, -LIMITS.restlessWithinDays))
  const sightings = [...days].flatMap(([person, its]) => personSighting(person, its) ?? [])
  await report(judge({ sightings, now }).map((finding) => judged(finding, null, null)))
}
