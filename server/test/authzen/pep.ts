import { join } from 'node:path'
import { readAccessDirectory } from '../../../cli/src/access-directory.ts'
import type { Admin, RunningServer } from '../process.ts'

/** An answer of the Authorization API. */
export interface PdpAnswer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers as they came
  readonly body: any
}

/** Whoever asks: posts to the API with this bearer. */
export interface Pep {
  ask(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<PdpAnswer>
  /** As `ask`, with a body that is sent as it stands. */
  send(path: string, text: string, headers?: Readonly<Record<string, string>>): Promise<PdpAnswer>
}

/** A caller with this bearer, or with none. */
export const createPep = (url: string, bearer: string | undefined): Pep => {
  const send: Pep['send'] = async (path, body, headers = {}) => {
    const response = await fetch(`${url}/access/v1/${path}`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...headers,
      },
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: JSON.parse(text) }
  }
  return { send, ask: (path, body, headers) => send(path, JSON.stringify(body), headers) }
}

/** Applies the example's directory, with what the test changes of it. */
export const applyRecords = async (
  server: RunningServer,
  admin: Admin,
  // biome-ignore lint/suspicious/noExplicitAny: the files of the directory as they were read
  change: (input: any) => unknown = (input) => input,
): Promise<void> => {
  const { input } = readAccessDirectory(join(import.meta.dirname, '../../../examples/authzen'))
  await admin.client(server).callByName('policy.access.apply', Object(change(structuredClone(input))))
}

/** A token of an identity for the server's own API. */
export const ownToken = async (server: RunningServer, client: { id: string; secret: string }): Promise<string> => {
  const response = await fetch(`${server.url}/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: client.id,
      client_secret: client.secret,
      resource: server.url,
    }),
  })
  const { access_token: token } = JSON.parse(await response.text())
  return String(token)
}
