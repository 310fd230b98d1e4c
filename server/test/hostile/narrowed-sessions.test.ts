import assert from 'node:assert/strict'
import { createClient } from '@reeve/sdk/client'
import { everyOperation } from '../../src/catalogue.ts'
import { enrol, onEveryServer } from '../process.ts'
import { fittingText, sampleInput } from './sample-input.ts'
import { call, callable, callOperation, eachOf, headersOf, routesOf, TELL_ROUTES } from './surface.ts'

// Who steals the session of a CI job has that session and nothing else: what follows is all that it can do.

const AT_ONCE = 4
const CONTACTS = { businessUnit: 'shop', technicalContact: 'a@example.com', businessContact: 'b@example.com' }
const OWN = {
  directory: 'web',
  teams: [{ name: 'web', ...CONTACTS }],
}
const OTHERS = {
  directory: 'main',
  teams: [{ name: 'main', ...CONTACTS }],
}
// Each refusal is judged before an operation runs: on the second engine one form of each call shows it.
const FORMS = { sqlite: [true, false], postgres: [false] }
const APPLY = 'policy.access.apply'

/** How a call ended: `done`, or the code of its refusal. */
const endOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'done',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  )

onEveryServer(
  'a narrowed session of an admin can do nothing at all but access as code of its directories',
  async ({ server, admin, place }, t) => {
    const tokens = {
      plan: await admin.login(server, { directories: ['web'], may: 'plan' }),
      'plan+apply': await admin.login(server, { directories: ['web'], may: 'plan+apply' }),
    }
    const client = (token: string) => createClient({ baseUrl: server.url, token })
    const whole = admin.client(server)
    const theirs = await whole.policy.access.plan(OTHERS)

    for (const [may, token] of Object.entries(tokens)) {
      await t.test(`${may}: every operation refuses what is not of its directory`, async () => {
        const letIn: string[] = []
        await eachOf(everyOperation(), AT_ONCE, async (operation) => {
          for (const isMinimal of FORMS[place.engine]) {
            const sample = sampleInput(operation, (_, schema) => fittingText(schema), isMinimal)
            const { status, body } = await callOperation(server, operation, sample, { token })
            // Whatever is no input at all asks nothing; decide-call.test.ts has a row for each operation.
            if (status < 400 || status >= 500) letIn.push(`${operation.name} ${status} ${body}`)
          }
        })
        assert.deepEqual(letIn, [])
      })

      await t.test(`${may}: no other route of the server takes it`, async () => {
        const open: string[] = []
        for (const { method, url, operation } of routesOf(server)) {
          if (operation !== undefined) continue
          const path = server.url + callable(url)
          const json = { 'content-type': 'application/json' }
          const init = method === 'POST' ? { body: JSON.stringify(QUESTION), headers: json } : {}
          const [as, anonymous] = [
            await call(path, { ...init, method, headers: headersOf({ token }, init.headers ?? {}) }),
            await call(path, { ...init, method }),
          ]
          if (as.status < 300 && anonymous.status >= 300) open.push(`${method} ${url} ${as.status}`)
        }
        assert.deepEqual(open, [])
      })

      await t.test(`${may}: a plan of another directory is neither seen nor applied by its id`, async () => {
        const { policy } = client(token)
        const { plan } = theirs
        assert.equal(await endOf(policy.plan.show({ plan })), 'not_found')
        assert.equal(await endOf(policy.access.compare({ plan })), 'not_found')
        assert.equal(await endOf(policy.access.replay({ plan })), 'denied')
        assert.equal(await endOf(policy.access.apply({ plan })), 'denied')
        assert.equal(await endOf(policy.access.apply({ plan, directory: 'web' })), 'denied')
      })

      await t.test(`${may}: its own directory is validated, tested, planned and shown whole`, async () => {
        const { policy } = client(token)
        assert.equal((await policy.access.validate(OWN)).isValid, true)
        await policy.access.test(OWN)
        const { plan } = await policy.access.plan(OWN)
        const shown = await policy.plan.show({ plan })
        assert.deepEqual([shown.objects.length, shown.hidden], [1, 0])
        await policy.access.compare({ plan })
        await policy.access.replay({ plan })
      })
    }

    await t.test('what may plan does not apply, by a dry run or by its own plan neither', async () => {
      const { policy } = client(tokens.plan)
      const { plan } = await policy.access.plan(OWN)
      assert.equal(await endOf(policy.access.apply(OWN)), 'denied')
      assert.equal(await endOf(policy.access.apply({ ...OWN, dryRun: true })), 'denied')
      assert.equal(await endOf(policy.access.apply({ plan })), 'denied')
    })

    await t.test('what may apply does so in its directory, and asks for an approval of nothing else', async () => {
      const { policy, lifecycle } = client(tokens['plan+apply'])
      for (const input of [OTHERS, { plan: theirs.plan }]) {
        assert.equal(await endOf(policy.access.apply(input)), 'denied')
        const asked = lifecycle.approval.request({ operation: APPLY, input, reason: 'a test' })
        assert.equal(await endOf(asked), 'denied')
      }
      const other = {
        operation: 'lifecycle.person.remove',
        input: { person: admin.person, reason: 'x' },
        reason: 'a test',
      }
      assert.ok(['denied', 'not_found'].includes(await endOf(lifecycle.approval.request(other))))
      const own = lifecycle.approval.request({ operation: APPLY, input: OWN, reason: 'a test' })
      assert.equal(await endOf(own), 'approval_not_needed')
      const { plan } = await policy.access.plan(OWN)
      const { objects } = await policy.access.apply({ plan })
      assert.deepEqual(
        objects.map(({ verb }) => verb),
        ['created'],
      )
    })

    await t.test('a whole session of the same person that asked a moment ago opens nothing for it', async () => {
      const ask = (token: string) =>
        call(`${server.url}/access/v1/evaluation`, {
          method: 'POST',
          body: JSON.stringify(QUESTION),
          headers: headersOf({ token }, { 'content-type': 'application/json' }),
        })
      for (let round = 0; round < 20; round++) {
        assert.equal((await ask(admin.token)).status, 200)
        assert.equal((await ask(tokens.plan)).status, 403)
      }
    })

    await t.test('it is listed with what it was narrowed to, and ended by its person', async () => {
      const { items } = await whole.lifecycle.session.list({})
      const [one] = items.filter(({ narrowedTo }) => narrowedTo?.may === 'plan')
      assert.deepEqual(one?.narrowedTo, { directories: ['web'], may: 'plan' })
      await whole.lifecycle.session.end({ session: one?.id ?? '' })
      assert.equal(await endOf(client(tokens.plan).policy.access.plan(OWN)), 'session_ended')
    })

    await t.test('narrowing gives nothing: a viewer’s session plans nothing', async () => {
      const { code } = await whole.lifecycle.person.invite({ roles: [{ role: 'viewer', team: null }] })
      const viewer = await enrol(server, code, 'viewer')
      const token = await viewer.login(server, { directories: ['web'], may: 'plan+apply' })
      assert.equal(await endOf(client(token).policy.access.plan(OWN)), 'denied')
    })
  },
  TELL_ROUTES,
)

const QUESTION = {
  subject: { type: 'identity', id: 'nobody' },
  action: { name: 'orders.read' },
  resource: { type: 'resource', id: 'none' },
}
