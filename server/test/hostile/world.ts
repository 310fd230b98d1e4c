import type { Admin, RunningServer } from '../process.ts'

/** A little of everything, so that what is asked about exists. */
export interface World {
  readonly team: string
  readonly identity: string
  /** The same one, by its unguessable id. */
  readonly identityId: string
  readonly resource: string
  readonly audience: string
  readonly grant: string
  readonly credential: string
  readonly clientSecret: string
}

const AUDIENCE = 'https://orders.example.com'
const TAGS = { business_unit: 'commerce', application: 'orders', ticket: 'ORD-1' }

/** Makes a team, an identity with a client secret, a resource and a grant. */
export const makeWorld = async (server: RunningServer, admin: Admin): Promise<World> => {
  const client = admin.client(server)
  await client.inventory.team.create({
    name: 'commerce',
    technicalContact: 'tech@example.com',
    businessContact: 'business@example.com',
    businessUnit: 'commerce',
  })
  const identity = await client.inventory.identity.create({
    name: 'orders-sync',
    kind: 'service',
    owner: 'commerce',
    environment: 'test',
    purpose: 'copies orders to the warehouse',
    classification: { functions: ['sync'], boundary: 'internal', blastRadius: 'read-only' },
    expiresAt: '60d',
    reviewAt: '30d',
    tags: TAGS,
  })
  await client.policy.resource.create({
    name: 'orders-api',
    uri: AUDIENCE,
    environment: 'test',
    sensitivity: 'internal',
    actions: [{ name: 'orders.read', effect: 'read' }],
    servedBy: ['orders-sync'],
  })
  const grant = await client.policy.grant.create({
    identity: 'orders-sync',
    resource: 'orders-api',
    actions: ['orders.read'],
    expiresAt: '30d',
  })
  const credential = await client.broker.credential.add({ identity: 'orders-sync', kind: 'client-secret' })
  return {
    team: 'commerce',
    identity: 'orders-sync',
    identityId: identity.id,
    resource: 'orders-api',
    audience: AUDIENCE,
    grant: grant.id,
    credential: credential.credential.id,
    clientSecret: credential.secret ?? '',
  }
}

/** A token request of that identity, as a form. */
export const tokenForm = (world: World, resource = world.audience): URLSearchParams =>
  new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: world.identityId,
    client_secret: world.clientSecret,
    resource,
  })
