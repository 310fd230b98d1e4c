import assert from 'node:assert/strict'
import { onEveryServer } from '../process.ts'
import { type ExportedEvent, eventsByRequest } from './audit.ts'
import { rawRequest, sendRaw } from './raw.ts'

// I8 of the trust bars.

const LIE = '203.0.113.7'
const HOST = 'evil.example.com'
const SPOOFED: readonly (readonly string[])[] = [
  ...[
    LIE,
    `${LIE}, 127.0.0.1`,
    `127.0.0.1, ${LIE}`,
    `${LIE}, ${LIE}, ${LIE}`,
    `${LIE}:443`,
    '::1',
    '[::1]:80',
    '::ffff:203.0.113.7',
    'unknown',
    '_hidden',
    '',
    ',',
    `"${LIE}"`,
    "127.0.0.1' or '1'='1",
    'x'.repeat(5_000),
    `${LIE}, `.repeat(300),
    '0',
    '2130706433',
    'localhost',
    HOST,
  ].map((value) => [`x-forwarded-for: ${value}`]),
  ...[
    'x-real-ip',
    'x-client-ip',
    'client-ip',
    'true-client-ip',
    'cf-connecting-ip',
    'fastly-client-ip',
    'x-cluster-client-ip',
    'x-originating-ip',
    'x-remote-ip',
    'x-remote-addr',
    'x-azure-clientip',
    'forwarded-for',
  ].map((name) => [`${name}: ${LIE}`]),
  [`forwarded: for=${LIE};host=${HOST};proto=https`],
  [`forwarded: for="[2001:db8::1]"`],
  [`x-forwarded-host: ${HOST}`],
  ['x-forwarded-proto: https', `x-forwarded-host: ${HOST}`],
  [`x-forwarded-server: ${HOST}`, 'x-forwarded-port: 443'],
  [`x-original-url: /v1/lifecycle.person.list`],
  ['x-rewrite-url: /metrics'],
  ['x-http-method-override: DELETE'],
  [`x-forwarded-for: ${LIE}`, `x-forwarded-for: ${LIE}`],
  [`X-FORWARDED-FOR: ${LIE}`, `x-forwarded-host: ${HOST}`, 'x-forwarded-proto: https'],
]

const TEAMS = '/v1/inventory.team.list'

onEveryServer(
  'nobody can say where he comes from or whom he calls: the event has the address of the socket',
  async ({ server, admin }, t) => {
    const ids: string[] = []
    for (const lines of SPOOFED)
      for (const [path, status] of [
        [TEAMS, 200],
        [`${TEAMS}?limit=0`, 400],
        ['/.well-known/oauth-authorization-server', 200],
      ] as const) {
        const headers = [`authorization: Bearer ${admin.token}`, ...lines]
        const answer = await sendRaw(server.url, rawRequest('GET', path, { headers }))
        assert.equal(answer.statuses[0], status, `${path} ${lines}: ${answer.text}`)
        assert.ok(!answer.text.includes(HOST) && !answer.text.includes(LIE), answer.text)
        if (path.startsWith(TEAMS)) ids.push(/x-request-id: (\S+)/.exec(answer.text)?.[1] ?? '')
      }
    const events = await eventsByRequest(server, admin)
    for (const id of ids) assert.deepEqual(events.get(id)?.map(sourceOf), ['127.0.0.1'], id)
    t.diagnostic(`I8: ${SPOOFED.length} ways to lie, ${ids.length} events, all with the address of the socket`)
  },
)

onEveryServer(
  'behind a proxy that its operator trusts, the event has the address that the proxy saw and no other',
  async ({ server, admin }) => {
    const from = async (value: string): Promise<(string | null)[] | undefined> => {
      const headers = [`authorization: Bearer ${admin.token}`, `x-forwarded-for: ${value}`]
      const answer = await sendRaw(server.url, rawRequest('GET', TEAMS, { headers }))
      const id = /x-request-id: (\S+)/.exec(answer.text)?.[1] ?? ''
      return (await eventsByRequest(server, admin)).get(id)?.map(sourceOf)
    }
    assert.deepEqual(await from(LIE), [LIE])
    assert.deepEqual(await from(`198.51.100.1, ${LIE}`), [LIE])
  },
  { REEVE_TRUSTED_PROXIES: '127.0.0.1' },
)

const sourceOf = ({ source }: ExportedEvent): string | null => source.ip
