import assert from 'node:assert/strict'
import { CLAIMED, KNOWN, setUpClaims } from '../claimed-facts.ts'
import { onEveryServer } from '../process.ts'
import { bySecret, postForm, setUpWorkload } from '../workload.ts'

// P6 of the trust bars, over the wire.

/** Spellings of facts that only the server states, as a caller may write them into a token request. */
const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  ip: [
    'sourceIp',
    'source_ip',
    'sourceip',
    'SourceIp',
    'ip',
    'context.sourceIp',
    'context[sourceIp]',
    'context["sourceIp"]',
    'server.sourceIp',
    'source.ip',
    'x-forwarded-for',
    'remote_addr',
    'sourceIp\u0000',
    ' sourceIp',
    'ѕourceIp',
    '__proto__.sourceIp',
    '__proto__[sourceIp]',
  ],
  kind: [
    'credentialKind',
    'credential_kind',
    'credentialkind',
    'credential',
    'credential.kind',
    'credential[kind]',
    'context.credentialKind',
    'context[credentialKind]',
    'amr',
    'constructor.prototype.credentialKind',
  ],
  hour: [
    'now',
    'Now',
    'time',
    'date',
    'iat',
    'context.now',
    'context[now]',
    'weekday',
    'context.weekday',
    '__proto__.now',
  ],
}

const DAY_MS = 24 * 60 * 60 * 1000
const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const

onEveryServer(
  'whatever a token request says of address, credential or time, the server facts win (P6)',
  async ({ server, admin }) => {
    assert.ok(Object.values(SPELLINGS).flat().length >= 30)
    const workload = await setUpWorkload(server, admin)
    const { policy } = admin.client(server)
    const uri = 'https://guarded.example.com/'
    const resource = await policy.resource.create({
      name: 'guarded',
      uri,
      environment: 'test',
      sensitivity: 'internal',
      actions: ['ip', 'kind', 'hour', 'here'].map((name) => ({ name: `guarded.${name}`, effect: 'read' as const })),
    })
    const later = new Date(Date.now() + 3 * DAY_MS)
    const conditions = {
      ip: { sourceNetworks: ['203.0.113.0/24'] },
      kind: { credentialKinds: ['public-key'] },
      hour: { timeWindow: { from: '00:00', to: '00:00', days: [DAYS[later.getUTCDay()] ?? 'sunday'] } },
      here: { sourceNetworks: ['127.0.0.0/8', '::1'], credentialKinds: ['client-secret'] },
    }
    for (const [name, condition] of Object.entries(conditions))
      await policy.grant.create({
        identity: workload.id,
        resource: resource.id,
        name,
        actions: [`guarded.${name}`],
        conditions: condition,
        expiresAt: '1d',
      })
    const lies: Readonly<Record<string, string>> = { ip: '203.0.113.7', kind: 'public-key', hour: later.toISOString() }
    const ask = (action: string, stated: Readonly<Record<string, string>>) =>
      postForm(server, '/oauth/token', { ...bySecret(workload, uri), scope: `guarded.${action}`, ...stated })
    for (const [fact, names] of Object.entries(SPELLINGS))
      for (const name of names) {
        const stated = { [name]: name.endsWith('weekday') ? (DAYS[later.getUTCDay()] ?? '') : (lies[fact] ?? '') }
        const refused = await ask(fact, stated)
        assert.equal(refused.body.code, 'token_denied', `${name}: ${JSON.stringify(refused)}`)
        assert.equal(refused.body.access_token, undefined, name)
        // What holds by the server's facts is not lost either.
        assert.equal((await ask('here', stated)).status, 200, name)
      }
  },
)

onEveryServer(
  'whatever a token request says of region, risk, approval, pipeline, attestation or posture, the server facts win (P6)',
  async ({ server, admin }) => {
    const { workload, uri } = await setUpClaims(server, admin)
    const ask = (action: string, stated: Readonly<Record<string, string>>) =>
      postForm(server, '/oauth/token', { ...bySecret(workload, uri), scope: action, ...stated })
    for (const { action, lie, spellings } of CLAIMED)
      for (const name of spellings) {
        const stated = { [name]: String(lie) }
        const refused = await ask(action, stated)
        assert.equal(refused.body.code, 'token_denied', `${name}: ${JSON.stringify(refused)}`)
        assert.equal((await ask(KNOWN, stated)).status, 200, name)
      }
  },
)
