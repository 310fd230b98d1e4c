import { readToken } from './check-answers.ts'
import type { Client } from './client.ts'
import { makeRequests } from './make-requests.ts'
import { openConnection } from './raw-connection.ts'
import { IDENTITY, type Reeve, textOf } from './reeve.ts'

/** So many tokens of the subject are exchanged in turn. */
const SUBJECT_TOKENS = 200
const DEVICE_ADDRESS = '10.7.1.2'

/** The API of the orders, with a secret of its own: it may ask about what it is sent, and exchange it. */
const registerApi = async ({ call, client }: Reeve): Promise<Client> => {
  const { id } = await call('inventory.identity.create', {
    ...IDENTITY,
    name: 'orders-api',
    purpose: 'serves the orders',
    classification: { functions: ['operate'], boundary: 'internal', blastRadius: 'read-only' },
  })
  await call('policy.resource.change', { resource: 'orders-api', servedBy: ['orders-api'] })
  const added = await call('broker.credential.add', { identity: 'orders-api', kind: 'client-secret' })
  return { ...client, id: textOf({ id }, 'id'), secret: textOf(added, 'secret') }
}

/** A client that acts for the one that is registered, by tokens that this one sent it. */
export const registerActor = async (reeve: Reeve): Promise<Client> => {
  const actor = await registerApi(reeve)
  const directory = {
    directory: 'bench-delegation',
    policies: [{ name: 'delegation', file: 'policies/delegation.cedar', text: DELEGATION }],
  }
  // To let one act for another takes the word of a second person.
  const invited = await reeve.call('lifecycle.person.invite', { roles: [{ role: 'approver', team: null }] })
  const approver = await reeve.enrolled(textOf(invited, 'code'))
  const asked = { operation: 'policy.access.apply', input: directory, reason: 'the bench' }
  const approval = textOf(await reeve.call('lifecycle.approval.request', asked), 'id')
  await approver('lifecycle.approval.approve', { approval })
  await reeve.call('policy.access.apply', { ...directory, approval })
  return { ...actor, subjectTokens: await tokensOf(reeve.client, SUBJECT_TOKENS) }
}

const DELEGATION = `@id("api-for-sync")
permit (principal is Reeve::Identity, action == Reeve::Action::"broker.token.exchange", resource is Reeve::Identity)
when { principal.name == "orders-api" && resource.name == "orders-sync" };`

const tokensOf = async (client: Client, count: number): Promise<readonly string[]> => {
  const connection = await openConnection(client.port)
  const tokens: string[] = []
  for (const request of await makeRequests(client, 'secret', count)) {
    const { status, body } = await connection.ask(request)
    if (status !== 200) throw new Error(`Reeve gave no token: ${status} ${body}`)
    const { input, signature } = readToken(body)
    tokens.push(`${input}.${signature.toString('base64url')}`)
  }
  connection.close()
  return tokens
}

/** A client that asks about the API key of a device, which is good in one network. */
export const registerDevice = async (reeve: Reeve): Promise<Client> => {
  const asker = await registerApi(reeve)
  await reeve.call('inventory.identity.create', { ...IDENTITY, name: 'till-7', kind: 'device', purpose: 'a till' })
  const { resource, scope } = reeve.client
  await reeve.call('policy.grant.create', {
    ...{ identity: 'till-7', resource: 'orders-api', actions: [scope], expiresAt: '30d' },
  })
  const added = await reeve.call('broker.credential.add', {
    ...{ identity: 'till-7', kind: 'api-key', resource, actions: [scope], networks: ['10.7.0.0/16'] },
  })
  return { ...asker, path: '/oauth/introspect', apiKey: { key: textOf(added, 'secret'), address: DEVICE_ADDRESS } }
}
