import type { DerivedCommand } from './derived.ts'
import type { DerivedFlag } from './derived-flags.ts'

/** A command line of a derived command with everything that it needs, for its help. */
export const sampleLine = (words: string, { noun, verb, positional, flags }: DerivedCommand): string => {
  if (WHOLE.has(`${noun} ${verb}`)) return `reeve ${words} --body ${noun}.json`
  const about = positional === undefined ? [] : [sampleOf(positional, noun)]
  const needed = flags.filter((flag) => flag.isRequired)
  const useful = flags.filter((flag) => !flag.isRequired && USEFUL[`${noun} ${verb}`]?.includes(flag.flag))
  // A record is the same flag several times, each on a line of its own where one line is too short.
  const given = [...needed, ...useful].flatMap((flag) =>
    flag.kind === 'boolean'
      ? [flag.flag]
      : sampleOf(flag, noun)
          .split(` ${flag.flag} `)
          .map((value) => `${flag.flag} ${value}`),
  )
  const one = ['reeve', words, ...about, ...given].join(' ')
  return one.length <= LINE_MAX ? one : [`reeve ${[words, ...about].join(' ')}`, ...given].join(' \\\n    ')
}

const LINE_MAX = 76

// What holds whole files comes from a file.
const WHOLE: ReadonlySet<string> = new Set(['set check'])

// What somebody would ask for beside what is required.
const USEFUL: Readonly<Record<string, readonly string[]>> = {
  'identity list': ['--tier', '--unused-since-days'],
  'identity change': ['--purpose'],
  'sighting list': ['--unowned'],
  'adoption create': ['--where.source', '--dry-run'],
  'finding list': ['--severity'],
  'event search': ['--kind'],
  'event tail': ['--limit'],
  'event show': ['--seq'],
  'event export': ['--from-seq'],
  'approval list': ['--state'],
  'exception list': ['--in-force'],
  'credential list': ['--state'],
  'team change': ['--technical-contact'],
  'resource change': ['--sensitivity'],
  'bundle change': ['--purpose'],
  'grant create': ['--bundle'],
  'set change': ['--remove'],
  'access apply': ['--dry-run'],
  'trust add': ['--audience', '--claims'],
  'trust lint': ['--audience', '--claims'],
}

/** What stands for a value of this name or kind. Every one fits the schemas that have it; a test holds that. */
const sampleOf = (flag: DerivedFlag, noun: string): string => {
  const name = flag.path.at(-1) ?? ''
  const own = BY_PLACE[`${noun}.${name}`] ?? BY_NAME[name]
  if (flag.choices.length > 0 && !flag.choices.includes(own ?? '')) return flag.choices[0] ?? ''
  if (own !== undefined) return own.replaceAll(` --${name} `, ` ${flag.flag} `)
  if (flag.kind === 'number') return String(Math.max(1, Number(flag.schema.minimum ?? 1)))
  return BY_KIND[flag.kind] ?? 'example'
}

const BY_PLACE: Readonly<Record<string, string>> = {
  'team.name': 'payments',
  'bundle.name': 'orders-reader',
  'resource.name': 'orders-api',
  'set.name': 'orders',
  'resource.actions': 'name=orders.read,effect=read',
  'exception.kind': 'credential.api-key',
  'session.person': 'per_7Zq2dM4s',
  'person.person': 'per_7Zq2dM4s',
  'event.kind': 'inventory.identity.quarantine',
  'approval.reason': '"orders.read is enough for it"',
  'exception.subject': 'nhi_7Zq2dM4s',
  'exception.reason': '"the vendor moves in March"',
  'grant.reason': '"the job has moved"',
  'mode.reason': '"first weeks of the orders API"',
  'person.reason': '"left the company"',
  'seal.reason': '"once a year"',
  'trust.issuer': 'https://token.actions.githubusercontent.com',
  'trust.audience': 'https://reeve.example',
  'trust.claims': 'repository_id=74 --claims repository_owner_id=65 --claims environment=production',
  'issuer.issuer': 'https://token.actions.githubusercontent.com',
}

const BY_NAME: Readonly<Record<string, string>> = {
  plan: 'pln_YWBkVhZdQ0y1',
  identity: 'orders-sync',
  name: 'orders-sync',
  kind: 'bot',
  environment: 'production',
  purpose: '"copies new orders to the warehouse"',
  owner: 'commerce',
  functions: 'sync',
  boundary: 'internal',
  blastRadius: 'read-only',
  tags: 'business_unit=retail --tags application=orders --tags ticket=OPS-1',
  reason: '"key seen in a public repository"',
  expiresAt: '90d',
  reviewAt: '90d',
  technicalContact: 'oncall@example.com',
  businessContact: 'product@example.com',
  businessUnit: 'retail',
  credential: 'crd_7Zq2dM4s',
  grant: 'grt_7Zq2dM4s',
  sighting: 'sig_7Zq2dM4s',
  finding: 'fnd_7Zq2dM4s',
  approval: 'apr_7Zq2dM4s',
  exception: 'exc_7Zq2dM4s',
  decision: 'dec_7Zq2dM4s',
  event: 'evt_7Zq2dM4s',
  session: 'ses_7Zq2dM4s',
  id: 'dec_7Zq2dM4s',
  team: 'commerce',
  bundle: 'orders-reader',
  resource: 'orders-api',
  action: 'orders.read',
  actions: 'orders.read',
  uri: 'https://orders.example.com/',
  matrix: 'resource=orders-api,actions=orders.read',
  roles: 'role=approver,team=commerce',
  subject: 'orders-sync',
  target: 'orders-sync',
  instance: 'pod-7',
  operation: 'policy.grant.create',
  input: '\'{"identity":"orders-sync"}\'',
  oldSize: '1000',
  seq: '42',
  fromSeq: '0',
  revision: '1',
  limit: '20',
  unusedSinceDays: '90',
  source: 'acme/orders',
  scannedAt: '2026-11-01T00:00:00Z',
  findings: "'[]'",
  sightings: "'[]'",
  remove: 'orders',
  severity: 'critical',
  tier: 'high',
}

const BY_KIND: Partial<Record<DerivedFlag['kind'], string>> = {
  time: '30d',
  record: 'key=value',
  json: "'{}'",
  list: 'example',
}
