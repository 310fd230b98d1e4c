import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everyOperation } from '../../src/catalogue.ts'
import type { Operation } from '../../src/kit/operation.ts'
import { type Admin, enrol, onEveryServer, type RunningServer } from '../process.ts'
import { callOperation } from './surface.ts'
import { makeTwoTeams, type Side } from './two-teams.ts'

// Tests read answers freely: a field that is not there fails the assertion on it.
// biome-ignore lint/suspicious/noExplicitAny: as above
type Row = any

/** Whether a row of a list is one that the people of a team may see. */
type IsOf = (row: Row, side: Side) => boolean

const isIdentityOf = (id: string, { workload }: Side): boolean => id === workload.id || id === workload.api.id

const LISTS: Readonly<Record<string, IsOf>> = {
  'broker.credential.list': ({ identity }, side) => isIdentityOf(identity, side),
  'broker.stream.list': ({ identity }, side) => isIdentityOf(identity, side),
  'broker.trust.list': ({ credential }, side) => isIdentityOf(credential.identity, side),
  'inventory.drift.list': ({ identity }, side) => isIdentityOf(identity, side),
  'inventory.identity.list': ({ owner }, { workload }) => owner.id === workload.team,
  'inventory.secret.list': ({ locations }, side) => locations.some(({ identity }: Row) => isIdentityOf(identity, side)),
  'inventory.sighting.list': ({ identity }, side) => identity === null || isIdentityOf(identity, side),
  'inventory.team.list': ({ id }, { workload }) => id === workload.team,
  'lifecycle.approval.list': ({ teams }, { workload }) => teams.includes(workload.team),
  'lifecycle.exception.list': ({ subject }, side) => isIdentityOf(subject, side),
  'lifecycle.person.list': ({ roles }, { workload }) =>
    roles.length > 0 && roles.every(({ team }: Row) => team === workload.team),
  'observe.event.search': ({ on }, { workload }) => on?.team === workload.team,
  'observe.event.tail': ({ on }, { workload }) => on?.team === workload.team,
  'observe.finding.list': ({ identity }, side) => identity !== null && isIdentityOf(identity, side),
  'policy.grant.list': ({ identity }, side) => isIdentityOf(identity, side),
  'policy.mode.list': ({ target }, side) => isIdentityOf(target, side),
  'policy.resource.list': ({ owner }, { workload }) => owner === null || owner === workload.team,
}

const listings = everyOperation().filter(({ isList }) => isList)

test('every operation that lists parts is in the table that says whose a row is', () => {
  assert.deepEqual(listings.map(({ name }) => name).sort(), Object.keys(LISTS).sort())
})

onEveryServer(
  'a list holds exactly what belongs to the caller’s teams and to nobody, page by page, also after it changed hands',
  async ({ server, admin }, t) => {
    const { mine, theirs } = await makeTwoTeams(server, admin)
    await addWhatIsNobodys(server, admin)
    const both = await viewerOfBoth(server, admin, [mine, theirs])
    let rows = 0
    const compare = async (own: Side, other: Side) => {
      for (const operation of listings) {
        const seen = await walk(server, operation, own.people.viewer.token)
        const seenByBoth = await walk(server, operation, both, 20)
        const all = await walk(server, operation, admin.token, 200)
        const isOf = LISTS[operation.name] ?? (() => false)
        const expected = (sides: readonly Side[]) => all.filter((row) => sides.some((side) => isOf(row, side)))
        assert.deepEqual(seen, expected([own]), operation.name)
        assert.deepEqual(seenByBoth, expected([own, other]), operation.name)
        assert.ok(seen.length > 0 && seen.length < all.length, `${operation.name}: ${seen.length} of ${all.length}`)
        await assertCursorsTellNothing(server, operation, admin, own)
        rows += seen.length
      }
    }
    await compare(mine, theirs)
    await admin.client(server).inventory.identity.change({ identity: mine.workload.name, owner: theirs.workload.team })
    const less = { ...mine, workload: { ...mine.workload, id: mine.workload.api.id } }
    await compareMoved(server, less, theirs, mine.workload.id)
    t.diagnostic(`${listings.length} lists, ${rows} rows of one team`)
  },
)

/** The kinds of rows that go with their identity to another team. */
const MOVING = [
  'broker.credential.list',
  'broker.trust.list',
  'inventory.drift.list',
  'inventory.secret.list',
  'inventory.sighting.list',
  'lifecycle.exception.list',
  'observe.finding.list',
  'policy.grant.list',
  'policy.mode.list',
]

const compareMoved = async (server: RunningServer, before: Side, after: Side, moved: string): Promise<void> => {
  for (const name of MOVING) {
    const operation = listings.find((each) => each.name === name)
    if (operation === undefined) throw new Error(`no operation ${name}`)
    const mentions = async (side: Side) =>
      (await walk(server, operation, side.people.viewer.token)).filter((row) => JSON.stringify(row).includes(moved))
    assert.deepEqual(await mentions(before), [], name)
    assert.ok((await mentions(after)).length > 0, name)
  }
}

/** A resource, a sighting and a finding that are no team's. */
const addWhatIsNobodys = async (server: RunningServer, admin: Admin): Promise<void> => {
  const { inventory, policy, observe } = admin.client(server)
  await policy.resource.create({
    name: 'status',
    uri: 'https://status.example.com/',
    environment: 'test',
    sensitivity: 'public',
    actions: [{ name: 'status.read', effect: 'read' }],
  })
  const where = { path: 'nobodys.yml', line: 1 }
  await inventory.sighting.import({
    sightings: [
      { source: 'nobodys-scan', kind: 'script', name: 'nobodys', stableKey: 'nobodys', where },
      // What the two teams have live in this account is declared nowhere, because somebody declares something there.
      {
        ...{ source: 'nobodys-scan', kind: 'account', name: 'declared', standing: 'declared', where },
        stableKey: 'aws:arn:aws:iam::111122223333:role/nobodys',
      },
    ],
  })
  await observe.finding.import({
    source: 'nobodys-code',
    scannedAt: new Date().toISOString(),
    findings: [
      {
        fingerprint: 'nobodys-secret',
        rule: 'secret-in-file',
        severity: 'low',
        confidence: 'low',
        owasp: 'NHI2',
        title: 'a key',
        why: 'it works',
        fix: 'replace it',
        where,
        evidence: [],
      },
    ],
  })
}

const viewerOfBoth = async (server: RunningServer, admin: Admin, sides: readonly Side[]): Promise<string> => {
  const roles = sides.map(({ workload }) => ({ role: 'viewer' as const, team: workload.team }))
  const { code } = await admin.client(server).lifecycle.person.invite({ roles })
  return (await enrol(server, code, 'both')).token
}

/** The whole list, page by page. */
const walk = async (server: RunningServer, operation: Operation, token: string, limit = 3): Promise<readonly Row[]> => {
  const rows: Row[] = []
  let place: object = FIRST[operation.name] ?? {}
  for (;;) {
    const { status, body } = await callOperation(
      server,
      operation,
      { limit, ...ASKED[operation.name], ...place },
      { token },
    )
    assert.equal(status, 200, `${operation.name}: ${body}`)
    const page: Row = JSON.parse(body)
    assert.ok(page.items.length <= limit)
    rows.push(...page.items)
    // The log grows by each page that is read: the end is where nothing new came.
    if (page.nextCursor === null || page.items.length === 0 || rows.length > MANY)
      return rows.filter(isSettled).map(asBefore)
    place = page.nextCursor === undefined ? { after: page.next } : { cursor: page.nextCursor }
  }
}

const FIRST: Readonly<Record<string, object>> = { 'observe.event.tail': { after: -1 } }
// What a list is not without.
const ASKED: Readonly<Record<string, object>> = { 'inventory.drift.list': { drift: 'undeclared' } }

const MANY = 600

// What the walks themselves leave in the log is on the deployment, and is no team's.
const isSettled = ({ kind, on }: Row): boolean => kind === undefined || on === undefined || on?.type !== 'Deployment'

// A job tells of uses when it comes round, which may be between two walks.
const asBefore = ({ lastUsedAt: _, ...row }: Row): Row => row

/** A cursor is a place in a list and no right: whoever it was made for, it shows a caller what is theirs. */
const assertCursorsTellNothing = async (
  server: RunningServer,
  operation: Operation,
  admin: Admin,
  own: Side,
): Promise<void> => {
  const first = await callOperation(server, operation, { limit: 1, ...ASKED[operation.name] }, { token: admin.token })
  const { nextCursor: cursor } = JSON.parse(first.body)
  if (cursor === undefined || cursor === null) return
  const { body } = await callOperation(
    server,
    operation,
    { limit: 200, cursor, ...ASKED[operation.name] },
    { token: own.people.viewer.token },
  )
  const isOf = LISTS[operation.name] ?? (() => false)
  assert.ok(
    JSON.parse(body).items.every((row: Row) => isOf(row, own)),
    `${operation.name}: ${body}`,
  )
}
