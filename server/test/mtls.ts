import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { ConnectionOptions } from 'node:tls'
import { type Authority, type Certificate, makeAuthority, serverCertificate } from '../../test/certificates.ts'
import type { Pace } from '../src/edge/http/pace.ts'
import { openTlsFiles } from '../src/edge/http/tls-files.ts'
import { createLog } from '../src/kit/log.ts'
import { type Answer, makeFakes, ORDERS, openBroker, setUpOrders, type TestBroker } from './broker.ts'
import { onEveryEngine } from './room.ts'

/** A broker behind TLS, with a CA that issues the certificates of its clients. */
export interface MtlsBroker extends TestBroker {
  /** Issues the server’s certificate. */
  readonly serverCa: Authority
  readonly clientCa: Authority
  readonly files: { readonly cert: string; readonly key: string; readonly clientCas: string }
  readonly tls: ReturnType<typeof openTlsFiles>
  /** Posts a form over a connection of its own that shows this certificate, or none. */
  ask(path: string, form: Readonly<Record<string, string>>, given?: Asked): Promise<Told>
}

/** How to connect, and what to send besides the form. */
export interface Asked {
  readonly by?: Pick<Certificate, 'cert' | 'key'> | undefined
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly tls?: ConnectionOptions
  readonly agent?: Agent
}

/** What came back. */
export interface Told {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many kinds
  readonly body: any
}

const log = createLog('silent')

/** Registers the test once on each engine that is here. */
export const onEveryMtlsBroker = (
  name: string,
  body: (test: MtlsBroker, t: TestContext) => Promise<void>,
  given: { readonly asksApart?: boolean; readonly pace?: Pace } = {},
): void =>
  onEveryEngine(name, async (room, t) => {
    const folder = mkdtempSync(join(tmpdir(), 'reeve-mtls-'))
    try {
      // Certificates are good by the machine's clock; so is the server here.
      room.clock.advance(Date.now() - room.clock.now().getTime())
      const serverCa = await makeAuthority('CN=Server CA')
      const clientCa = await makeAuthority('CN=Client CA')
      const { cert, key } = await serverCertificate(serverCa)
      const files = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key'), clientCas: join(folder, 'cas.pem') }
      writeFileSync(files.cert, cert)
      writeFileSync(files.key, key)
      writeFileSync(files.clientCas, clientCa.cert)
      const names = { server: { certificate: files.cert, key: files.key }, clientCas: files.clientCas }
      const tls = openTlsFiles(names, { clock: room.clock, log })
      const test = await openBroker(room, makeFakes(), { tls, ...given })
      const ask: MtlsBroker['ask'] = (path, form, given = {}) =>
        send(test.url + path, { ca: serverCa.cert, form, ...given })
      try {
        await body({ ...test, serverCa, clientCa, files, tls, ask }, t)
      } finally {
        await test.http.close()
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

/** Sends one request and reads the answer. */
export const send = (
  url: string,
  {
    ca,
    form,
    method = form === undefined ? 'GET' : 'POST',
    by,
    headers,
    tls,
    agent,
  }: Asked & {
    readonly ca: string
    readonly form?: Readonly<Record<string, string>>
    readonly method?: string
  },
): Promise<Told> =>
  new Promise((resolve, reject) => {
    const body = form === undefined ? '' : new URLSearchParams(form).toString()
    const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
    const secure = { ca, ...(by === undefined ? {} : { cert: by.cert, key: by.key }), ...tls }
    const sent = request(
      url,
      {
        method,
        headers: { ...type, 'content-length': Buffer.byteLength(body), ...headers },
        agent: agent ?? false,
        ...secure,
      },
      (response) => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(pieces).toString()
          const isJson = String(response.headers['content-type']).includes('json')
          const told = isJson ? JSON.parse(text) : text
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: told })
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })

/** A request for a token of this client, which proves itself by its certificate (RFC 8705 §2). */
export const byCertificate = (more: Readonly<Record<string, string>> = {}) => ({
  ...{ grant_type: 'client_credentials', client_id: 'nhi_sync', resource: ORDERS },
  ...more,
})

/** Registers the identity with this credential. */
export const register = async (test: TestBroker, input: Readonly<Record<string, unknown>>, id = 'nhi_sync') => {
  setUpOrders(test, id)
  const { credential }: Answer = await test.call('broker.credential.add', { identity: id, ...input })
  return credential
}
