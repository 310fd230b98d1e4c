import { createVerifier, type Verifier } from '@reeve/sdk'
import type { Admin, ServerProcess } from '../process.ts'
import { byAssertion, bySecret, postForm, type Workload } from '../workload.ts'
import { ISSUER } from './replicas.ts'

/** What somebody who stole an identity's secret, key and tokens tries on one replica. Resolves to whether it worked. */
export interface Attack {
  readonly name: string
  attempt(): Promise<boolean>
  /** How far the one who would let it in has followed the feed; undefined where that is the server itself. */
  seq?(): number | null
}

/** The tokens that were stolen. */
export interface Loot {
  /** For the API that the identity may call. */
  readonly forResource: string
  /** For this server's own API. */
  readonly forServer: string
}

/** Gets the tokens, as the identity itself would. */
export const steal = async (server: ServerProcess, workload: Workload): Promise<Loot> => {
  const token = async (resource?: string) => {
    const { body } = await postForm(server, '/oauth/token', bySecret(workload, resource))
    if (typeof body.access_token !== 'string') throw new Error(`no token to steal: ${JSON.stringify(body)}`)
    return body.access_token
  }
  return { forResource: await token(), forServer: await token(ISSUER) }
}

/** Every attack that there is on this replica. What later grants something more joins this table. */
export const attacksOn = (
  server: ServerProcess,
  workload: Workload,
  loot: Loot,
  verifier: Verifier,
): readonly Attack[] => {
  const { id, secret } = workload
  const asVictim = { client_id: id, client_secret: secret }
  const asApi = { client_id: workload.api.id, client_secret: workload.api.secret }
  const form = async (path: string, fields: Record<string, string>) => postForm(server, path, fields)
  const call = async (method: 'GET' | 'POST', name: string, input: Record<string, string | number> | object) => {
    const query =
      method === 'GET'
        ? `?${new URLSearchParams(Object.entries(input).map(([key, value]) => [key, String(value)]))}`
        : ''
    const response = await fetch(`${server.url}/v1/${name}${query}`, {
      method,
      headers: { authorization: `Bearer ${loot.forServer}`, 'content-type': 'application/json' },
      ...(method === 'POST' ? { body: JSON.stringify(input) } : {}),
    })
    await response.arrayBuffer()
    return response.ok
  }
  const resource = { type: 'resource', id: workload.audience }
  const ask = async (question: object) => {
    const headers = { authorization: `Bearer ${loot.forServer}`, 'content-type': 'application/json' }
    const asked = { method: 'POST', headers, body: JSON.stringify(question) }
    const response = await fetch(`${server.url}/access/v1/evaluation`, asked)
    await response.arrayBuffer()
    return response.ok
  }
  const use = { at: new Date().toISOString(), token: 'x'.repeat(43), identity: id, audience: workload.audience }
  return [
    { name: 'a token by secret', attempt: async () => (await form('/oauth/token', bySecret(workload))).status === 200 },
    {
      name: 'a token by assertion',
      attempt: async () => (await form('/oauth/token', await byAssertion(workload, ISSUER))).status === 200,
    },
    {
      name: 'a token for the own API',
      attempt: async () => (await form('/oauth/token', bySecret(workload, ISSUER))).status === 200,
    },
    {
      name: 'an introspection of its own',
      attempt: async () =>
        (await form('/oauth/introspect', { ...asVictim, token: loot.forResource })).body.active === true,
    },
    {
      name: 'an API that introspects',
      attempt: async () =>
        (await form('/oauth/introspect', { ...asApi, token: loot.forResource })).body.active === true,
    },
    {
      name: 'a revocation as the client',
      attempt: async () => (await form('/oauth/revoke', { ...asVictim, token: 'nothing' })).status === 200,
    },
    { name: 'reading about itself', attempt: () => call('GET', 'inventory.identity.show', { identity: id }) },
    { name: 'listing its credentials', attempt: () => call('GET', 'broker.credential.list', { identity: id }) },
    {
      name: 'a new credential',
      attempt: () => call('POST', 'broker.credential.add', { identity: id, kind: 'client-secret' }),
    },
    {
      name: 'a use report',
      attempt: () =>
        call('POST', 'observe.use.report', {
          reports: [{ ...use, action: null, outcome: 'allowed', code: null, ip: null }],
        }),
    },
    {
      name: 'a question',
      attempt: () => ask({ subject: { type: 'identity', id }, action: { name: 'orders.read' }, resource }),
    },
    { name: 'confirming as a verifier', attempt: () => call('POST', 'broker.verifier.confirm', { seq: 0 }) },
    {
      name: 'an API with the verifier',
      attempt: () =>
        verifier.verify(loot.forResource).then(
          () => true,
          () => false,
        ),
      seq: () => verifier.status().seq,
    },
  ]
}

/** The verifier of an API that follows this replica. */
export const verifierOf = (server: ServerProcess, workload: Workload): Verifier =>
  createVerifier({
    issuer: ISSUER,
    audience: workload.audience,
    fetch: (url, init) => fetch(String(url).replace(ISSUER, server.url), init),
  })

/** How a person stops and releases the identity, and the number that the feed then has. */
export const containments = (server: ServerProcess, admin: Admin, workload: Workload) => {
  const { inventory, broker } = admin.client(server)
  const reason = 'a test'
  return {
    identity: {
      stop: async () => (await inventory.identity.quarantine({ identity: workload.id, reason })).seq,
      release: async () => void (await inventory.identity.release({ identity: workload.id, reason })),
    },
    owner: {
      stop: async () => (await inventory.owner.quarantine({ owner: workload.team, reason })).seq,
      release: async () => void (await inventory.owner.release({ owner: workload.team, reason })),
    },
    credentials: {
      stop: async () => {
        await broker.credential.quarantine({ credential: workload.keyCredential, reason })
        return (await broker.credential.quarantine({ credential: workload.secretCredential, reason })).seq
      },
      release: async () => {
        await broker.credential.release({ credential: workload.keyCredential, reason })
        await broker.credential.release({ credential: workload.secretCredential, reason })
      },
    },
  } as const
}
