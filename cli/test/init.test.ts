import assert from 'node:assert/strict'
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { readAccessDirectory } from '../src/access-directory.ts'
import { accessFile } from '../src/access-file.ts'
import { type Running, startReeveOn } from './reeve-process.ts'

const onEveryEngine = (name: string, body: (running: Running) => Promise<void>, applies = false): void => {
  for (const engine of ['sqlite', 'postgres'] as const)
    test(`${name} [${engine}]`, async (t: TestContext) => {
      const running = await startReeveOn(engine, { applies })
      if (running === undefined) return t.skip('no PostgreSQL here; this ran on SQLite only')
      try {
        await body(running)
      } finally {
        await running.stop()
      }
    })
}

/** Each YAML file names, from where it stands, a schema that is there and by which it is valid: as an editor finds it. */
const assertSchemasNamed = (access: string): void => {
  const files = globSync('**/*.yaml', { cwd: access })
  assert.ok(files.length >= 7)
  for (const file of files) {
    const text = readFileSync(join(access, file), 'utf8')
    const [, path = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? []
    const schema = JSON.parse(readFileSync(join(access, dirname(file), path), 'utf8'))
    const check = new Ajv2020({ strict: false, logger: false }).compile(schema)
    assert.ok(check(parse(text)), `${file}: ${JSON.stringify(check.errors)}`)
    assert.equal(check([{ nonsense: 1 }]), false, file)
  }
}

/** Runs a line that must end well. */
const ran = async ({ here }: Running, line: readonly string[], stdin?: string) => {
  const done = await here(line, stdin === undefined ? {} : { stdin })
  assert.equal(done.code, 0, `reeve ${line.join(' ')}: ${done.err}`)
  return done
}

const unchanged = async (running: Running, access: string): Promise<number> => {
  const { out } = await ran(running, ['plan', access, '--json', '--exit-code'])
  const { objects, needsApproval } = JSON.parse(out)
  assert.deepEqual(
    objects.filter(({ verb }: { verb: string }) => verb !== 'unchanged'),
    [],
  )
  assert.deepEqual(needsApproval, [])
  return objects.length
}

onEveryEngine(
  'the template is valid without a lint, passes its tests and is applied to a fresh server',
  async (running) => {
    const access = join(running.folder, 'access')
    await ran(running, ['init', access])
    assertSchemasNamed(access)
    rmSync(join(access, '.schema/team.schema.json'))
    await ran(running, ['init', access, '--schemas'])
    assertSchemasNamed(access)
    const validated = await ran(running, ['validate', access, '--fail-on', 'low'])
    assert.equal(validated.out, '0 problems, 0 lints\n')
    const tested = await ran(running, ['test', access, '--coverage-min', '100'])
    assert.match(tested.out, /5 passed, 0 failed/)
    await ran(running, ['apply', access])
    await unchanged(running, access)
  },
)

onEveryEngine(
  'what is written from the register of the example shows no change, and nothing but tests and comments is lost',
  async (running) => {
    const access = join(running.folder, 'written')
    const made = JSON.parse((await ran(running, ['init', access, '--from', 'register', '--json'])).out)
    assert.equal(made.name, 'commerce', 'the only directory that there is')
    assert.deepEqual(made.left, [])
    const { objects, testsInForce } = JSON.parse((await ran(running, ['plan', access, '--json'])).out)
    assert.deepEqual(new Set(objects.map(({ verb }: { verb: string }) => verb)), new Set(['unchanged']))
    assert.equal(objects.length, 7)
    // The register does not hold them, so it is said, and is never taken for what was meant.
    assert.ok(testsInForce > 0)
    const refused = await running.here(['apply', access])
    assert.match(refused.err, /--without-tests/)
    // Taken over and applied as it stands, it is still the same.
    await ran(running, ['apply', access, '--without-tests'])
    assert.equal(await unchanged(running, access), 7)
  },
  true,
)

onEveryEngine(
  'what is written from a generated register shows no change, there and on a fresh server',
  async (running) => {
    const first = join(running.folder, 'first')
    writeAll(first, generated(7))
    await ran(running, ['apply', first])
    const other = join(running.folder, 'other')
    writeAll(other, { 'reeve.yaml': 'version: 1\nname: other\n', ...theirs })
    await ran(running, ['apply', other])
    // By hand, so that no directory declares it.
    await ran(running, [
      'grant',
      'create',
      'bot-01',
      '--resource',
      'res-3',
      '--actions',
      'res-3.read',
      '--expires-at',
      '9d',
    ])
    const text = 'permit (principal in Reeve::Team::"team-0", action == Reeve::Action::"res-2.read", resource);'
    const put = { put: [{ name: 'by-hand', file: 'policies/by-hand.cedar', text }] }
    await ran(running, ['set', 'change', '--body', '-'], JSON.stringify(put))
    const access = join(running.folder, 'written')
    const made = await ran(running, ['init', access, '--from', 'register', '--name', 'main', '--json'])
    const { left } = JSON.parse(made.out)
    assert.deepEqual(left, [
      'grant their-bot res-3: the directory other declares it',
      'identity their-bot: the directory other declares it',
    ])
    assert.ok((await unchanged(running, access)) > 60)
    await ran(running, ['apply', access])
    await unchanged(running, access)
    const theirGrants = JSON.parse((await ran(running, ['grant', 'list', 'their-bot', '--json'])).out).items
    assert.deepEqual(
      theirGrants.map(({ directory }: { directory: string }) => directory),
      ['other'],
      'what others declare stays theirs',
    )

    const fresh = await startReeveOn('sqlite', { applies: false })
    assert.ok(fresh !== undefined)
    try {
      await ran(fresh, ['apply', access])
      await unchanged(fresh, access)
    } finally {
      await fresh.stop()
    }
  },
)

onEveryEngine(
  'nothing is written over what is there, and no secret is written',
  async (running) => {
    const access = join(running.folder, 'access')
    mkdirSync(join(access, 'grants'), { recursive: true })
    const refused = await running.here(['init', access])
    assert.equal(refused.code, 1)
    assert.match(refused.err, /nothing was written/)
    assert.deepEqual(readdirSync(access), ['grants'])

    const template = join(running.folder, 'template')
    await ran(running, ['init', template])
    const file = join(template, 'identities/commerce.yaml')
    const key = ['AKIA', 'Q3EGR5XFWZ7HK2MN'].join('')
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('repository: acme/orders }', 'repository: acme/orders }'))
    const { input } = readAccessDirectory(template)
    const [identity] = Object(input).identities
    writeFileSync(
      file,
      accessFile('identity', [{ ...identity, tags: { ...identity.tags, note: key } }, Object(input).identities[1]]),
    )
    await ran(
      running,
      ['api', 'policy.access.apply', '--body', '-'],
      JSON.stringify({ ...input, identities: readAccessDirectory(template).input.identities }),
    )
    const leaking = join(running.folder, 'leaking')
    const told = await running.here(['init', leaking, '--from', 'register'])
    assert.equal(told.code, 1)
    assert.match(told.err, /identities\/commerce\.yaml:\d+: /)
    assert.ok(!`${told.out}${told.err}`.includes(key))
    assert.equal(existsSync(leaking), false)
  },
  false,
)

const writeAll = (folder: string, files: Readonly<Record<string, string>>): void => {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path)
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, text)
  }
}

const PARENTS = 5
const READS = { functions: ['sync'], boundary: 'internal', blastRadius: 'read-only' }
const TAGS = { business_unit: 'retail', application: 'orders', repository: 'acme/orders' }
const identity = (name: string, more: object) => ({
  name,
  kind: 'bot',
  owner: 'team-0',
  purpose: `does "${name}": # and more, since ${name} is: yes`,
  environment: 'staging',
  classification: { functions: ['sync'], boundary: 'internal', blastRadius: 'write-limited' },
  expiresAt: '90d',
  reviewAt: '60d',
  tags: TAGS,
  ...more,
})

const theirs = {
  'identities/a.yaml': accessFile('identity', [identity('their-bot', {})]),
  'grants/a.yaml': accessFile('grant', [
    { identity: 'their-bot', resource: 'res-3', actions: ['res-3.read'], expiresAt: '30d' },
  ]),
}

/** Three teams, forty identities (some children before their parents by name), resources, bundles, grants, policies. */
const generated = (seed: number): Record<string, string> => {
  let state = seed
  const pick = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
  const teams = [0, 1, 2].map((at) => ({
    name: `team-${at}`,
    technicalContact: `t${at}@acme.example`,
    businessContact: `b${at}@acme.example`,
    businessUnit: at === 1 ? 'null' : '007',
  }))
  const resources = [0, 1, 2, 3].map((at) => ({
    name: `res-${at}`,
    uri: `https://res-${at}.acme.example/`,
    environment: 'staging',
    sensitivity: 'internal',
    ...(at === 3 ? {} : { owner: `team-${at}` }),
    servedBy: at === 0 ? ['bot-00'] : [],
    actions: [
      { name: `res-${at}.read`, effect: 'read' },
      { name: `res-${at}.write`, effect: 'write' },
    ],
  }))
  const bots = Array.from({ length: 40 }, (_, at) => {
    const owner = `team-${pick(3)}`
    const text = String(at).padStart(2, '0')
    return identity(`bot-${text}`, {
      owner,
      // What only reads is active at once, and may have children.
      ...(at < PARENTS ? { classification: { ...READS } } : {}),
      kind: ['bot', 'agent', 'service', 'script'][pick(4)],
      workflow: pick(2) === 0 ? null : { name: `flow ${at}`, repository: pick(2) === 0 ? null : 'acme/flows' },
      upstream: pick(3) === 0 ? ['their: queue'] : [],
      revocationProcedure: pick(3) === 0 ? 'stop it\nand then wait' : null,
      tags: { ...TAGS, ticket: `${pick(9_000)}`, since: '2026-01-01' },
    })
  })
  const children = bots.slice(0, PARENTS).map(({ name, ...parent }, at) => ({
    ...parent,
    name: `a-child-${at}`,
    parent: name,
    upstream: [],
  }))
  const grants = bots.flatMap(({ name, owner }, at) => {
    // What belongs to another team would need its approval.
    const resource = pick(2) === 0 ? 'res-3' : `res-${owner.slice(-1)}`
    const own = {
      identity: name,
      resource,
      actions: [at < PARENTS || pick(2) === 0 ? `${resource}.read` : `${resource}.write`],
    }
    const conditions = { sourceNetworks: ['10.0.0.0/8'], timeWindow: { from: '06:00', to: '18:00', days: ['monday'] } }
    return [
      {
        ...own,
        expiresAt: '60d',
        ...(pick(3) === 0 ? { name: `grant of ${at}` } : {}),
        ...(pick(2) === 0 ? { conditions } : {}),
      },
      ...(pick(2) === 0 ? [{ identity: name, bundle: `bundle-${pick(2)}`, expiresAt: '2027-01-15' }] : []),
    ]
  })
  const bundles = [0, 1].map((at) => ({
    name: `bundle-${at}`,
    purpose: 'reads',
    matrix: [{ resource: 'res-3', actions: ['res-3.read'] }],
  }))
  return {
    'reeve.yaml': 'version: 1\nname: main\n',
    'teams/a.yaml': accessFile('team', teams),
    'identities/a.yaml': accessFile('identity', [...bots, ...children]),
    'resources/a.yaml': accessFile('resource', resources),
    'bundles/a.yaml': accessFile('bundle', bundles),
    'grants/a.yaml': accessFile('grant', grants),
    'policies/two.cedar':
      '@id("one")\npermit (principal in Reeve::Team::"team-1", action == Reeve::Action::"res-1.read", resource);\n@id("two")\nforbid (principal in Reeve::Team::"team-1", action == Reeve::Action::"res-1.write", resource);\n',
  }
}
