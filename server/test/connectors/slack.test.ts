import assert from 'node:assert/strict'
import { openLive } from '../live.ts'
import { onEveryEngine } from '../room.ts'
import { type FakeVendor, passesSuite, startVendor } from './fake-vendor.ts'

// The Web API of Slack as its reference has it: cursors for lists, numbers for logs, and 200 also for what is refused.

const SECRET = 'a token of no app'
const member = (id: string, over: object = {}) => ({
  ...{
    id,
    team_id: 'T1',
    name: id,
    is_bot: true,
    deleted: false,
    profile: { real_name: id, api_app_id: `A${id}000000` },
  },
  ...over,
})
const approved = (id: string) => ({ app: { id, name: id }, scopes: [{ name: 'chat:write', token_type: 'bot' }] })
const log = (id: string) => ({ app_id: id, app_type: id, change_type: 'added', user_name: 'ada', scope: 'chat:write' })

interface Workspace {
  members: unknown[]
  refused: Record<string, string>
}

const fakeSlack = ({ members, refused }: Workspace): FakeVendor => ({
  vendor: 'slack',
  secret: SECRET,
  settings: (url) => ({ workspace: 'acme', api: `${url}/api` }),
  partOf: ({ url }) => PARTS[url.pathname] ?? '',
  answer: ({ url: { pathname, searchParams }, headers }) => {
    const said = (value: object) => ({ body: JSON.stringify(value) })
    const error = headers.authorization === `Bearer ${SECRET}` ? refused[pathname] : 'invalid_auth'
    if (error !== undefined) return said({ ok: false, error })
    const from = Number(searchParams.get('cursor') ?? '0')
    const metadata = (all: unknown[]) => ({
      response_metadata: { next_cursor: all.length > from + 1 ? String(from + 1) : '' },
    })
    if (pathname === '/api/users.list')
      return said({ ok: true, members: members.slice(from, from + 1), ...metadata(members) })
    const apps = [approved('A11111111'), approved('A22222222')]
    if (pathname === '/api/admin.apps.approved.list')
      return said({ ok: true, approved_apps: apps.slice(from, from + 1), ...metadata(apps) })
    const page = Number(searchParams.get('page'))
    return said({ ok: true, logs: [log(`A${page}3333333`)], paging: { count: 1, page, pages: 2, total: 2 } })
  },
})

const PARTS: Readonly<Record<string, string>> = {
  '/api/users.list': 'bots',
  '/api/admin.apps.approved.list': 'approved-apps',
  '/api/team.integrationLogs': 'integration-logs',
}

const members = () => [member('B1'), member('U1', { is_bot: false }), member('B9', { deleted: true }), member('B2')]

onEveryEngine(
  'a workspace of Slack: pages, requests to wait, a right that lacks, an answer that is cut',
  async (room, t) => {
    const workspace = { members: members(), refused: {} }
    await passesSuite(room, t, {
      fake: fakeSlack(workspace),
      keys: ['AB1000000', 'AB2000000', 'A11111111', 'A22222222', 'A13333333', 'A23333333'].map(
        (id) => `slack-app:${id}`,
      ),
      part: 'bots',
      needs: /\(403\): it takes users:read/,
      takeAway: { key: 'slack-app:AB2000000', act: () => void workspace.members.pop() },
    })
  },
)

onEveryEngine('what Slack refuses with 200 is a gap, with the right that it takes', async (room, t) => {
  const refused: Record<string, string> = { '/api/admin.apps.approved.list': 'not_allowed_token_type' }
  const fake = fakeSlack({ members: members(), refused })
  const vendor = await startVendor(t, fake)
  const live = await openLive(room)
  const input = { name: 'live', vendor: 'slack', settings: fake.settings(vendor.url), secret: SECRET }
  await live.call('inventory.connector.add', input)
  const run = await live.run('live')
  assert.equal(run.outcome, 'partial')
  assert.deepEqual(run.gaps, [
    { part: 'approved-apps', why: 'it may not be asked for that (403): it takes admin.apps:read' },
  ])
  await live.call('inventory.connector.change', { connector: 'live', without: ['approved-apps'] })
  assert.equal((await live.run('live')).outcome, 'complete')
})
