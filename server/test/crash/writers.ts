import type { Admin, ServerProcess } from '../process.ts'
import { bySecret, claimsIn, identityInput, postForm, type Workload } from '../workload.ts'

/** What the server acknowledged, and what it was asked and gave no answer to. */
export interface Acknowledged {
  /** Ids of identities. */
  readonly created: string[]
  /** The number in the newest purpose that was acknowledged. */
  changedTo: number
  /** The number in the newest purpose that was asked for. */
  askedFor: number
  /** Each `jti` of an access token. */
  readonly tokens: string[]
  /** Creations without an answer, by name, with their idempotency keys. */
  readonly unanswered: { readonly name: string; readonly key: string }[]
}

/** Nothing yet. */
export const nothing = (): Acknowledged => ({ created: [], changedTo: 0, askedFor: 0, tokens: [], unanswered: [] })

/** Four writers that go on until the server dies under them: two create, one changes, one gets tokens. */
export const write = async (
  server: ServerProcess,
  admin: Admin,
  workload: Workload,
  acknowledged: Acknowledged,
  onAcknowledged: () => void,
): Promise<void> => {
  // One try each: what was not answered is noted, and not tried again behind the test's back.
  const steps = [
    () => create(server, admin, workload, acknowledged),
    () => create(server, admin, workload, acknowledged),
    () => change(server, admin, workload, acknowledged),
    () => issue(server, workload, acknowledged),
  ]
  await Promise.all(
    steps.map((step) =>
      untilGone(async () => {
        await step()
        onAcknowledged()
      }),
    ),
  )
}

/** Repeats a creation with its key. Returns the id. */
export const createNamed = async (
  server: ServerProcess,
  admin: Admin,
  workload: Workload,
  asked: { readonly name: string; readonly key: string },
): Promise<string> => {
  const made = await call(
    server,
    admin,
    'inventory.identity.create',
    identityInput(asked.name, workload.team),
    asked.key,
  )
  return String(made.id)
}

const untilGone = async (step: () => Promise<void>): Promise<void> => {
  for (;;) {
    try {
      await step()
    } catch (error) {
      // `fetch` rejects with a TypeError when the connection breaks; anything else is a finding.
      if (error instanceof TypeError) return
      throw error
    }
  }
}

let names = 0

const create = async (server: ServerProcess, admin: Admin, workload: Workload, done: Acknowledged): Promise<void> => {
  const asked = { name: `made-${++names}`, key: crypto.randomUUID() }
  done.unanswered.push(asked)
  const id = await createNamed(server, admin, workload, asked)
  done.unanswered.splice(done.unanswered.indexOf(asked), 1)
  done.created.push(id)
}

const change = async (server: ServerProcess, admin: Admin, { api }: Workload, done: Acknowledged): Promise<void> => {
  const number = ++done.askedFor
  const input = { identity: api.id, purpose: `purpose ${number}` }
  await call(server, admin, 'inventory.identity.change', input, crypto.randomUUID())
  done.changedTo = number
}

const issue = async (server: ServerProcess, workload: Workload, done: Acknowledged): Promise<void> => {
  const { status, body } = await postForm(server, '/oauth/token', bySecret(workload))
  if (status !== 200) throw new Error(`a token was refused: ${JSON.stringify(body)}`)
  done.tokens.push(String(claimsIn(body.access_token).jti))
}

const call = async (
  server: ServerProcess,
  admin: Admin,
  name: string,
  input: unknown,
  key: string,
): Promise<Readonly<Record<string, unknown>>> => {
  const response = await fetch(`${server.url}/v1/${name}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${admin.token}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(input),
  })
  const body = await response.json()
  if (!response.ok) throw new Error(`${name} was refused: ${JSON.stringify(body)}`)
  return body
}
