import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startHostedServer } from '../hosted-server.ts'
import { type Admin, enrol, enrolAdmin, MAIN, makePlace, onEveryServer, type RunningServer } from '../process.ts'
import { identityInput, setUpWorkload } from '../workload.ts'

const APPROVER = { role: 'approver', team: null } as const
const ADMIN = { role: 'admin', team: null } as const
const VIEWER = { role: 'viewer', team: null } as const

type Roles = Parameters<ReturnType<Admin['client']>['lifecycle']['person']['change']>[0]['roles']

/** How a call ended: `done`, or the code of its refusal. */
const endOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  )

const invite = async (server: RunningServer, by: Admin, roles: Roles) =>
  (await by.client(server).lifecycle.person.invite({ roles })).code

const join = async (server: RunningServer, by: Admin, word: string, roles: Roles): Promise<Admin> =>
  enrol(server, await invite(server, by, roles), word)

/** Asks for this call as one person and has it approved by others. */
const agreed = async (
  server: RunningServer,
  by: Admin,
  call: { readonly operation: string; readonly input: Readonly<Record<string, unknown>> },
  ...others: readonly Admin[]
): Promise<string> => {
  const { id } = await by.client(server).lifecycle.approval.request({ ...call, reason: 'a test needs it' })
  for (const other of others) await other.client(server).lifecycle.approval.approve({ approval: id })
  return id
}

const change = (person: Admin, roles: Roles) => ({
  operation: 'lifecycle.person.change',
  input: { person: person.person, roles },
})

onEveryServer(
  'an admin who is alone makes one other approver or admin, and from then on none without another',
  async ({ server, admin }, t) => {
    const { lifecycle } = admin.client(server)
    const team = (await setUpWorkload(server, admin)).team
    const puppet = await join(server, admin, 'puppet', [VIEWER])
    await t.test('nobody who is alone makes approvers of a team, and stays alone with them', async () => {
      for (const role of ['approver', 'admin'] as const) {
        const roles = [{ role, team }]
        assert.equal(await endOf(invite(server, admin, roles)), 'second_decider_first')
        assert.equal(await endOf(lifecycle.person.change({ person: puppet.person, roles })), 'second_decider_first')
      }
    })
    const stashed = await Promise.all([APPROVER, ADMIN, APPROVER, ADMIN].map((role) => invite(server, admin, [role])))
    await t.test('of codes that were made before and are used at once, one makes somebody', async () => {
      const ends = await Promise.all(stashed.map((code, at) => endOf(enrol(server, code, `stashed-${at}`))))
      assert.deepEqual(ends.sort(), ['done', ...Array(3).fill('enrolment_code_invalid')])
    })
    await t.test('and none of the others does later', async () => {
      const ends = await Promise.all(stashed.map((code, at) => endOf(enrol(server, code, `later-${at}`))))
      assert.deepEqual(ends.sort(), [...Array(3).fill('enrolment_code_invalid'), 'enrolment_code_used'])
    })
    await t.test('no invitation makes another one, of everything or of a team', async () => {
      for (const role of [APPROVER, ADMIN, { role: 'approver', team } as const, { role: 'admin', team } as const])
        assert.equal(await endOf(invite(server, admin, [VIEWER, role])), 'role_after_enrolment')
    })
    await t.test('no change of roles does, of a puppet or of oneself', async () => {
      const wanted: Roles[] = [[APPROVER], [ADMIN], [{ role: 'approver', team }], [VIEWER, { role: 'admin', team }]]
      for (const roles of wanted)
        assert.equal(await endOf(lifecycle.person.change({ person: puppet.person, roles })), 'approval_required')
      const mine = { person: admin.person, roles: [ADMIN, APPROVER] }
      assert.equal(await endOf(lifecycle.person.change(mine)), 'approval_required')
      const { id } = await lifecycle.approval.request({
        operation: 'lifecycle.person.change',
        input: mine,
        reason: 'for me',
      })
      assert.equal(await endOf(lifecycle.approval.approve({ approval: id })), 'approver_is_requester')
      assert.equal(await endOf(lifecycle.person.change({ ...mine, approval: id })), 'approval_required')
    })
    await t.test('the log says since when, once', async () => {
      const { items } = await eventsOf(server, admin)
      const begun = items.filter(({ change: of }) => of.some(({ field }) => field === 'four-eyes'))
      assert.deepEqual(
        begun.map(({ kind, outcome }) => [kind, outcome]),
        [['lifecycle.person.enrol', 'done']],
      )
    })
  },
)

onEveryServer(
  'who decides is not taken, narrowed, widened or removed without another one',
  async ({ server, admin }, t) => {
    const { lifecycle } = admin.client(server)
    const team = (await setUpWorkload(server, admin)).team
    const security = await join(server, admin, 'security', [APPROVER])
    const puppet = await join(server, admin, 'puppet', [VIEWER, { role: 'owner', team }])
    const other = await join(server, admin, 'other', [VIEWER])
    const give = async (person: Admin, roles: Roles, ...others: readonly Admin[]) =>
      lifecycle.person.change({
        person: person.person,
        roles,
        approval: await agreed(server, admin, change(person, roles), ...others),
      })

    await t.test('taking the role, and removing the person', async () => {
      for (const roles of [[], [VIEWER], [{ role: 'approver', team } as const]])
        assert.equal(await endOf(lifecycle.person.change({ person: security.person, roles })), 'approval_required')
      assert.equal(await endOf(lifecycle.person.remove({ person: security.person, reason: 'x' })), 'approval_required')
    })
    await t.test('the approval is for that person and those roles, for who asked, once', async () => {
      const approval = await agreed(server, admin, change(other, [APPROVER]), security)
      const ends = [
        await endOf(lifecycle.person.change({ person: puppet.person, roles: [APPROVER], approval })),
        await endOf(lifecycle.person.change({ person: other.person, roles: [APPROVER, ADMIN], approval })),
        await endOf(lifecycle.person.change({ person: other.person, roles: [APPROVER], approval })),
        await endOf(lifecycle.person.change({ person: other.person, roles: [], approval })),
      ]
      assert.deepEqual(ends, ['approval_mismatch', 'approval_mismatch', 'done', 'approval_mismatch'])
    })
    await t.test('what was approved and became more in between is not done', async () => {
      const wanted: Roles = [VIEWER, { role: 'approver', team }]
      const [first, second] = [
        await agreed(server, admin, change(puppet, wanted), security),
        await agreed(server, admin, change(puppet, [VIEWER]), security).catch(() => undefined),
      ]
      assert.equal(second, undefined, 'an owner is made a viewer without anybody')
      await lifecycle.person.change({ person: puppet.person, roles: wanted, approval: first })
      const narrowed = await agreed(server, admin, change(puppet, [VIEWER]), security)
      await give(puppet, [VIEWER, { role: 'admin', team }], other)
      assert.equal(
        await endOf(lifecycle.person.change({ person: puppet.person, roles: [VIEWER], approval: narrowed })),
        'approval_outgrown',
      )
    })
    await t.test('widening the role of a team', async () => {
      const call = { person: puppet.person, roles: [VIEWER, ADMIN] }
      assert.equal(await endOf(lifecycle.person.change(call)), 'approval_required')
      const approval = await agreed(server, admin, change(puppet, [VIEWER, ADMIN]), puppet)
      assert.equal(
        await endOf(lifecycle.person.change({ ...call, approval })),
        'approval_required',
        'the word of the team does for its own part alone',
      )
    })
    await t.test('nobody keeps themselves in by refusing their own removal', async () => {
      const input = { person: other.person, reason: 'a stolen laptop' }
      const { id } = await lifecycle.approval.request({ operation: 'lifecycle.person.remove', input, reason: 'now' })
      const refusal = other.client(server).lifecycle.approval.refuse({ approval: id, reason: 'no' })
      assert.equal(await endOf(refusal), 'not_an_approver')
      await security.client(server).lifecycle.approval.approve({ approval: id })
      assert.equal(await endOf(lifecycle.person.remove({ ...input, approval: id })), 'done')
    })
    const removal = (of: Admin) => ({
      operation: 'lifecycle.person.remove',
      input: { person: of.person, reason: 'a quarrel' },
    })
    await t.test('the last two stay, so that nobody is alone again', async () => {
      assert.equal(await endOf(agreed(server, admin, removal(security))), 'last_decider')
      assert.equal(await endOf(agreed(server, admin, change(security, [VIEWER]))), 'last_decider')
      await give(puppet, [ADMIN], security)
      await agreed(server, admin, removal(security), puppet)
    })
    await t.test('of two who have each other removed at once, one stays', async () => {
      const [ofAdmin, ofPuppet] = [
        await agreed(server, puppet, removal(admin), security),
        await agreed(server, admin, removal(puppet), security),
      ]
      const ends = await Promise.all([
        endOf(puppet.client(server).lifecycle.person.remove({ ...removal(admin).input, approval: ofAdmin })),
        endOf(lifecycle.person.remove({ ...removal(puppet).input, approval: ofPuppet })),
      ])
      assert.equal(ends.filter((end) => end === 'done').length, 1, ends.join())
    })
  },
)

onEveryServer(
  'an admin who approves as well does not approve what a person of their own making asks for',
  async ({ server, admin }, t) => {
    const { lifecycle } = admin.client(server)
    const { team } = await setUpWorkload(server, admin)
    await lifecycle.person.change({ person: admin.person, roles: [ADMIN, APPROVER] })
    const puppet = await join(server, admin, 'puppet', [{ role: 'owner', team }])
    const input = {
      ...identityInput('writer', team),
      environment: 'production',
      classification: { functions: ['sync'], boundary: 'internal', blastRadius: 'write-limited' },
    }
    const approvedBy = async (by: Admin) => {
      const approval = await agreed(server, puppet, { operation: 'inventory.identity.create', input })
      return endOf(by.client(server).lifecycle.approval.approve({ approval }))
    }
    await t.test('while there is no other', async () => assert.equal(await approvedBy(admin), 'not_an_approver'))
    const two = [await join(server, admin, 'one', [VIEWER]), await join(server, admin, 'two', [VIEWER])]
    let security: Admin | undefined
    await t.test('of two who are made approvers at once by who is alone, one becomes one', async () => {
      const ends = await Promise.all(
        two.map(({ person }) => endOf(lifecycle.person.change({ person, roles: [APPROVER] }))),
      )
      assert.deepEqual(ends.toSorted(), ['approval_required', 'done'])
      security = two[ends.indexOf('done')]
    })
    await t.test('and when there is another, whose word it takes', async () => {
      assert.equal(await approvedBy(admin), 'not_an_approver')
      assert.ok(security)
      assert.equal(await approvedBy(security), 'done')
    })
  },
)

for (const engine of ['sqlite', 'postgres'] as const)
  test(`who is locked out comes back by the server's own machine, which is an event and a finding [${engine}]`, async (t) => {
    const place = await makePlace(engine)
    if (place === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
    try {
      const first = await startHostedServer(place)
      const admin = await enrolAdmin(first)
      const lost = await join(first, admin, 'lost', [APPROVER])
      await first.stop()
      const { PATH = '' } = process.env
      const { stderr } = await promisify(execFile)(process.execPath, [MAIN, '--new-admin-code'], {
        env: { PATH, ...place.environment },
      })
      const server = await startHostedServer(place)
      const back = await enrol(server, /--code (\S+)/.exec(stderr)?.[1] ?? '', 'back')
      const { lifecycle, observe } = admin.client(server)
      const input = { person: lost.person, reason: 'the device is lost' }
      assert.equal(await endOf(lifecycle.person.remove(input)), 'approval_required')
      const approval = await agreed(server, admin, { operation: 'lifecycle.person.remove', input }, back)
      assert.equal(await endOf(lifecycle.person.remove({ ...input, approval })), 'done')
      const { items } = await observe.finding.list({})
      const found = items.filter(({ rule }) => rule === 'admin-by-recovery').map(({ evidence }) => evidence)
      assert.deepEqual(
        found.map((each) => Reflect.get(Object(each), 'person')),
        [back.person],
      )
      const { items: events } = await eventsOf(server, admin)
      assert.equal(events.filter(({ evidence }) => evidence.for === 'recovery').length, 1)
      await server.stop()
    } finally {
      await place.remove()
    }
  })

const eventsOf = (server: RunningServer, by: Admin) => by.client(server).observe.event.search({ limit: 200 })
