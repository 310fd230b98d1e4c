import { accessFile } from './access-file.ts'
import type { AccessFiles } from './register-files.ts'

/** A small directory that is valid, passes its tests and can be applied to a fresh server: to be changed into one's own. */
export const templateFiles = (name: string): AccessFiles => ({
  name,
  files: new Map([
    [
      'teams/commerce.yaml',
      accessFile('team', [
        {
          name: 'commerce',
          technicalContact: 'commerce-oncall@acme.example',
          businessContact: 'head-of-commerce@acme.example',
          businessUnit: 'retail',
        },
      ]),
    ],
    ['identities/commerce.yaml', accessFile('identity', [API, SYNC])],
    ['resources/orders-api.yaml', accessFile('resource', [RESOURCE])],
    [
      'bundles/orders-reader.yaml',
      accessFile('bundle', [
        {
          name: 'orders-reader',
          purpose: 'bots that copy orders into another system and change nothing',
          matrix: [{ resource: 'orders-api', actions: ['orders.read'] }],
        },
      ]),
    ],
    [
      'grants/commerce.yaml',
      accessFile('grant', [{ identity: 'orders-sync', bundle: 'orders-reader', expiresAt: '180d' }]),
    ],
    ['policies/orders.cedar', POLICY],
    ['tests/orders.yaml', accessFile('test', TESTS)],
  ]),
  left: [],
})

const OF_COMMERCE = {
  owner: 'commerce',
  environment: 'production',
  lifecycle: 'permanent',
  expiresAt: '180d',
  reviewAt: '90d',
  tags: { business_unit: 'retail', application: 'orders', repository: 'acme/orders' },
}

const API = {
  name: 'orders-api',
  kind: 'service',
  purpose: 'serves the orders of the shop and checks the tokens of its callers',
  classification: { functions: ['operate'], boundary: 'internal', blastRadius: 'read-only' },
  workflow: { name: 'orders-api', repository: 'acme/orders' },
  ...OF_COMMERCE,
}

const SYNC = {
  name: 'orders-sync',
  kind: 'bot',
  purpose: 'copies new orders to the warehouse every hour',
  classification: { functions: ['sync'], boundary: 'internal', blastRadius: 'read-only' },
  workflow: { name: 'hourly-sync', repository: 'acme/orders' },
  revocationProcedure: 'quarantine it; the warehouse then shows orders from before, and nothing else breaks',
  ...OF_COMMERCE,
}

const RESOURCE = {
  name: 'orders-api',
  uri: 'https://orders.acme.example/',
  environment: 'production',
  sensitivity: 'internal',
  owner: 'commerce',
  servedBy: ['orders-api'],
  actions: [
    { name: 'orders.read', effect: 'read' },
    { name: 'orders.export', effect: 'read' },
    { name: 'orders.write', effect: 'write' },
  ],
}

const POLICY = `// An export takes whole tables out of the shop: only an identity whose tags name the ticket that agreed to it may do so.
@id("orders-export-needs-a-ticket")
permit (
  principal in Reeve::Team::"commerce",
  action == Reeve::Action::"orders.export",
  resource
)
when { principal.hasTag("export_ticket") };
`

const asked = (action: string) => ({ identity: 'orders-sync', action, resource: 'orders-api' })
const TESTS = [
  {
    name: 'the sync reads orders, by its bundle',
    ...asked('orders.read'),
    expect: 'allow',
    policies: ['grant orders-reader'],
  },
  { name: 'an export needs a ticket', ...asked('orders.export'), expect: 'deny' },
  {
    name: 'with a ticket, it may export',
    ...asked('orders.export'),
    tags: { export_ticket: 'OPS-1' },
    expect: 'allow',
    policies: ['orders-export-needs-a-ticket'],
  },
  { name: 'the sync writes nothing', ...asked('orders.write'), expect: 'deny' },
  {
    name: 'nothing in staging touches the orders of the shop',
    never: { identity: { environment: 'staging' }, resource: { name: 'orders-api' } },
  },
]
