import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { FORMAT_VERSION } from '../src/context.ts'
import { everyCommand } from '../src/every-command.ts'
import { listedOperations } from '../src/operations.ts'
import { outputSchema } from '../src/output-schema.ts'
import { UNDER_OTHER_WORDS } from '../src/own-commands.ts'
import { forEachOf, ROOT, type Running, startReeve } from './reeve-process.ts'

let running: Running
before(async () => {
  running = await startReeve()
})
after(() => running.stop())

const ajv = new Ajv2020({ strict: false, allErrors: true })
formats.default(ajv)
ajv.addSchema(JSON.parse(readFileSync(join(ROOT, 'scan/schema/scan-report.schema.json'), 'utf8')))

/** Runs a command with --json and holds what it prints to its published schema. */
const valid = async (line: string, words: string, stdin?: string): Promise<Record<string, unknown>> => {
  const ran = await running.here([...line.split(' '), '--json'], { stdin })
  assert.equal(ran.code, 0, `reeve ${line}: ${ran.err}`)
  const printed: Record<string, unknown> = JSON.parse(ran.out)
  const entry = everyCommand().get(words)
  assert.ok(entry !== undefined, words)
  const check = ajv.compile(outputSchema(words, await entry.load()))
  assert.ok(check(printed), `reeve ${line}: ${ajv.errorsText(check.errors)}\n${ran.out}`)
  return printed
}

test('what the commands of a day print with --json fits their published schemas, under one format version', async () => {
  const { folder } = running
  const file = (name: string) => join(folder, name)
  const key = file('orders.jwk')
  const lines: [string, string, string?][] = [
    ['status', 'status'],
    ['doctor', 'doctor'],
    ['whoami', 'whoami'],
    ['login', 'login'],
    ['exit-codes', 'exit-codes'],
    ['completion bash', 'completion'],
    ['scan examples/estate', 'scan'],
    ['validate examples/access', 'validate'],
    ['plan examples/access', 'plan'],
    ['least-privilege identity orders-sync examples/access', 'least-privilege'],
    ['test examples/access', 'test'],
    ['apply examples/access', 'apply'],
    [`credential add orders-sync --new-key ${key}`, 'credential add'],
    [`token get orders-sync --for https://orders.acme.example/ --key ${key}`, 'token get'],
    [`credential rotate orders-sync --new-key ${file('next.jwk')} --deadline 1d`, 'credential rotate'],
    ['can orders-sync orders.read orders-api', 'can'],
    ['can orders-sync', 'can'],
    ['who-can orders.read orders-api', 'who-can'],
    ['audit tail --limit 5', 'audit tail'],
    ['audit search --limit 5', 'audit search'],
    ['audit key', 'audit key'],
    ['quarantine identity orders-sync --reason test --dry-run', 'quarantine'],
    ['quarantine identity orders-sync --reason test --yes', 'quarantine'],
    ['release identity orders-sync --reason test', 'release'],
    ['quarantine owner commerce --reason test --yes', 'quarantine'],
    ['release owner commerce --reason test', 'release'],
    ['quarantine instance orders-sync/pod-7 --reason test --yes', 'quarantine'],
    ['person invite --roles viewer', 'person invite'],
    ['report make', 'report make'],
    ['report high-risk', 'report high-risk'],
    ['report high-risk --now', 'report high-risk'],
    [
      'connector add cloud --vendor postgresql --settings host=127.0.0.1 --settings user=reeve --secret-variable REEVE_CONNECTOR_NONE',
      'connector add',
    ],
    ['connector change cloud --every-hours 12', 'connector change'],
    ['connector run cloud', 'connector run'],
  ]
  for (const [line, words] of lines) {
    const printed = await valid(line, words)
    assert.equal(printed.formatVersion, FORMAT_VERSION, line)
  }
  const report = await running.here(['scan', 'examples/estate', '--json'])
  await valid('import - --source acme/estate', 'import', report.out)
  await valid('import -', 'import', report.out)
  const another = JSON.stringify({ ...JSON.parse(report.out), findings: [], scannedAt: new Date().toISOString() })
  const ofAnother = await valid('import -', 'import', another)
  assert.equal(ofAnother.closed, 0, 'what two scans without a name saw may lie in two places')
  const problems = [{ path: 'examples/estate/orders', reason: 'permission-denied', detail: 'the scan may not read it' }]
  const blind = JSON.stringify({ ...JSON.parse(another), sightings: [], problems })
  const ofBlind = await valid('import - --source acme/estate', 'import', blind)
  assert.deepEqual([ofBlind.closed, ofBlind.gone], [0, 0], 'what a scan could not read is not gone')
  const ofSame = await valid('import - --source acme/estate', 'import', another)
  assert.equal(ofSame.closed, JSON.parse(report.out).findings.length)
  const issued = await running.here([
    'token',
    'get',
    'orders-sync',
    '--for',
    'https://orders.acme.example/',
    '--key',
    key,
  ])
  await valid('token show -', 'token show', issued.out)
  await valid('token inspect -', 'token inspect', issued.out)
  assert.equal((await valid('why -', 'why', issued.out)).summary, 'the token is in force')
  await valid('quarantine token - --reason test --yes', 'quarantine', issued.out)
  const stopped = await valid('why -', 'why', issued.out)
  assert.equal(stopped.summary, 'the token is stopped')
  assert.match(Object(stopped).because.at(-1), /^it was quarantined .* by per_\S+: test$/)
  await valid('release token - --reason test', 'release', issued.out)
  await valid('token revoke - --reason test', 'token revoke', issued.out)
  const { vkey } = await valid('checkpoint show', 'checkpoint show')
  const exported = await running.here(['audit', 'export'])
  writeFileSync(file('audit.ndjson'), exported.out)
  await valid(`audit verify ${file('audit.ndjson')} --key ${vkey}`, 'audit verify')
})

test('every command that only reads prints with --json what its published schema says', async () => {
  const ids = await idsOfEverything()
  const reads = listedOperations().filter(({ effect }) => effect === 'read')
  const left: string[] = []
  await forEachOf(reads, async ({ name }) => {
    const [, noun = '', verb = ''] = name.split('.')
    const line = LINES[`${noun} ${verb}`] ?? (verb === 'list' ? `${noun} list` : undefined)
    const filled = line?.replace(/[A-Z]{3,}/, (kind) => ids[kind] ?? '')
    if (filled === undefined || filled.endsWith(' ')) left.push(name)
    else await valid(filled, UNDER_OTHER_WORDS[name] ?? `${noun} ${verb}`)
  })
  assert.deepEqual(left, [], 'a new read operation needs its line here')
})

const LINES: Readonly<Record<string, string>> = {
  'identity show': 'identity show orders-sync',
  'identity impact': 'identity impact orders-sync',
  'identity reach': 'identity reach orders-sync',
  'instance list': 'instance list orders-sync',
  'alias list': 'alias list orders-sync',
  'risk show': 'risk show orders-sync',
  'drift list': 'drift list unregistered',
  'connector show': 'connector show cloud',
  'team show': 'team show commerce',
  'device show': 'device show DEVICE',
  'credential show': 'credential show CREDENTIAL',
  'seal show': 'seal show',
  'stream show': 'stream show STREAM',
  'checkpoint show': 'checkpoint show',
  'checkpoint proof': 'checkpoint proof --old-size SIZE',
  'event show': 'event show --seq 0',
  'event search': 'event search --limit 3',
  'event tail': 'event tail --limit 3',
  'event export': 'event export',
  'finding show': 'finding show FINDING',
  'report show': 'report show',
  'why show': 'why IDENTITY',
  'person show': 'person show',
  'approval show': 'approval show APPROVAL',
  'grant show': 'grant show GRANT',
  'application show': 'application show records',
  'bundle show': 'bundle show orders-reader',
  'resource show': 'resource show orders-api',
  'set show': 'set show orders',
  'plan show': 'show-plan PLAN',
  'access tighten': 'access tighten orders-sync',
  'access compare': 'access compare --plan PLAN',
  'access replay': 'access replay --plan PLAN',
  'decision can': 'decision can orders-sync --action orders.read --resource orders-api',
  'decision reach': 'decision reach orders-sync',
  'decision who': 'decision who --action orders.read --resource orders-api',
  'decision show': 'decision show DECISION',
  'decision replay': 'decision replay DECISION',
}

const idsOfEverything = async (): Promise<Record<string, string>> => {
  const { here: reeve, folder } = running
  const json = async (line: string, stdin?: string) => {
    const ran = await reeve([...line.split(' '), '--json'], { stdin })
    assert.equal(ran.code, 0, `${line}: ${ran.err}`)
    return JSON.parse(ran.out)
  }
  await json('apply examples/authzen')
  const key = join(folder, 'ids.jwk')
  const { credential } = await json(`credential add orders-sync --new-key ${key}`)
  await reeve(
    'token get orders-sync --for https://orders.acme.example/ --scope orders.export --key'.split(' ').concat(key),
  )
  // What was answered is on record, and is found once the log has numbered it.
  let refused: { items: { decision: { id: string } }[] } = { items: [] }
  for (let asked = 0; refused.items.length === 0 && asked < 500; asked++)
    refused = await json('audit search --kind broker.token.issue --outcome refused --limit 1')
  const identity = await json('identity show orders-sync')
  const approval = await json(
    'request policy.mode.change --body - --reason test',
    '{"kind":"resource","target":"orders-api","reason":"test"}',
  )
  return {
    // A machine that waits to be logged in: beginning that is no command that ends.
    DEVICE: (await json('api lifecycle.device.start --body -', '{"client":"reeve-cli"}')).userCode,
    CREDENTIAL: credential.id,
    STREAM: (await json('stream create orders-api')).id,
    IDENTITY: (identity.identity ?? identity).id,
    GRANT: (await json('grant list')).items[0].id,
    FINDING: (await json('finding list')).items[0]?.id ?? '',
    APPROVAL: approval.id,
    DECISION: refused.items[0]?.decision.id ?? '',
    PLAN: (await json('plan examples/access')).plan,
    SIZE: String((await json('event tail --limit 1')).items[0].seq - 5),
  }
}
