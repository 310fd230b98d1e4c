import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import {
  type Certificate,
  makeAuthority,
  makeCertificate,
  serverCertificate,
  x509,
} from '../../../test/certificates.ts'
import { openTlsFiles } from '../../src/edge/http/tls-files.ts'
import { createLog } from '../../src/kit/log.ts'
import { openBroker } from '../broker.ts'
import { byCertificate, type MtlsBroker, onEveryMtlsBroker, register, send } from '../mtls.ts'

const TOKEN = '/oauth/token'

const selfSigned = async (test: MtlsBroker) => {
  const own = await makeCertificate()
  await register(test, { kind: 'self-signed-tls', certificate: own.cert })
  return { own }
}

const open = (test: MtlsBroker, given: ConnectionOptions): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const { hostname: host, port } = new URL(test.url)
    const socket = connect({ host, port: Number(port), ca: test.serverCa.cert, ...given }, () => resolve(socket))
    socket.once('error', reject)
  })

onEveryMtlsBroker(
  'a CA that is taken out of the file vouches for nobody any more, also on a connection that is open',
  async (test) => {
    const { clientCa, files, tls } = test
    await register(test, { kind: 'tls-client-auth', certificateName: { type: 'dn', value: 'CN=orders-sync' } })
    const by = await clientCa.issue()
    const agent = new Agent({ keepAlive: true, ca: test.serverCa.cert, cert: by.cert, key: by.key })
    const ask = async () => (await test.ask(TOKEN, byCertificate(), { agent, by })).status
    try {
      assert.equal(await ask(), 200)
      await writeFile(files.clientCas, (await makeAuthority('CN=Next CA')).cert)
      await tls.refresh()
      assert.equal(await ask(), 401)
      // A file that nobody can read leaves the last good one, and one that is no CA's is such a file.
      for (const text of ['', 'x', by.cert]) {
        await writeFile(files.clientCas, text)
        await tls.refresh()
        assert.equal(await ask(), 401)
      }
      await writeFile(files.clientCas, clientCa.cert)
      await tls.refresh()
      assert.equal(await ask(), 200)
    } finally {
      agent.destroy()
    }
  },
)

onEveryMtlsBroker('RFC 8446 §2.2: no session is resumed, and TLS below 1.2 is not spoken', async (test) => {
  const { own } = await selfSigned(test)
  const { hostname: host, port } = new URL(test.url)
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const sessions: Buffer[] = []
    const once = (session?: Buffer) =>
      new Promise<boolean>((resolve, reject) => {
        const given = { host, port: Number(port), ca: test.serverCa.cert, cert: own.cert, key: own.key }
        const socket = connect({ ...given, minVersion: version, maxVersion: version, ...(session ? { session } : {}) })
        socket.on('session', (each: Buffer) => sessions.push(each))
        socket.on('error', reject)
        socket.on('data', () => {
          const session = socket.getSession()
          if (session !== undefined) sessions.push(session)
          resolve(socket.isSessionReused())
          socket.destroy()
        })
        socket.write('GET /.well-known/jwks.json HTTP/1.1\r\nhost: x\r\n\r\n')
      })
    assert.equal(await once(), false)
    assert.ok(sessions.length > 0)
    for (const session of sessions.slice()) assert.equal(await once(session), false, version)
  }
  const old = new Promise((resolve, reject) => {
    const given = { host, port: Number(port), ca: test.serverCa.cert, ciphers: 'DEFAULT@SECLEVEL=0' }
    connect({ ...given, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }, () => resolve(undefined)).on('error', reject)
  })
  await assert.rejects(old)
})

onEveryMtlsBroker('RFC 5746: nobody shows another certificate later on a connection', async (test) => {
  const { own } = await selfSigned(test)
  const socket = await open(test, { cert: own.cert, key: own.key, maxVersion: 'TLSv1.2' })
  socket.on('error', () => undefined)
  const ended = new Promise((resolve) => socket.once('close', () => resolve('closed')))
  const outcome = new Promise((resolve) =>
    socket.renegotiate({}, (error) => resolve(error === null ? 'done' : 'refused')),
  )
  assert.notEqual(await Promise.race([outcome, ended]), 'done')
  socket.destroy()
  assert.equal((await test.ask(TOKEN, byCertificate(), { by: own })).status, 200)
})

onEveryMtlsBroker('what is no TLS, too much of it, or larger than a certificate harms nobody', async (test) => {
  const { own } = await selfSigned(test)
  const { hostname: host, port } = new URL(test.url)
  for (const text of ['GET / HTTP/1.1\r\nhost: x\r\n\r\n', '\x16\x03\x01\xff\xff', 'x'.repeat(100_000)])
    await new Promise<void>((resolve) => {
      const socket = connectPlain({ host, port: Number(port) }, () => socket.end(text, 'latin1'))
      socket.on('error', () => undefined)
      socket.on('close', () => resolve())
      socket.resume()
    })
  const { clientCa } = test
  const many = await Promise.all(Array.from({ length: 20 }, () => clientCa.issue()))
  const chain = Array.from({ length: 20 }, () => many.map(({ cert }) => cert)).flat()
  await assert.rejects(
    test.ask(TOKEN, byCertificate(), { by: { cert: [own.cert, ...chain].join('\n'), key: own.key } }),
  )
  // A few beside it are not looked at.
  const few = { cert: [own.cert, ...chain.slice(0, 5)].join('\n'), key: own.key }
  assert.equal((await test.ask(TOKEN, byCertificate(), { by: few })).status, 200)
  const huge = await makeCertificate({
    more: [new x509.Extension('1.3.6.1.4.1.99999.1', false, new Uint8Array(13_000))],
  })
  assert.equal((await test.ask(TOKEN, byCertificate(), { by: huge })).body.code, 'client_proof_missing')
  assert.equal((await test.ask(TOKEN, byCertificate(), { by: own })).status, 200)
})

onEveryMtlsBroker(
  'a certificate of the server that is renewed serves without a restart, and half of one does not',
  async (test) => {
    const { files, tls, serverCa } = test
    const serving = async () => {
      const socket = await open(test, {})
      const { serialNumber } = socket.getPeerCertificate()
      socket.destroy()
      return serialNumber
    }
    const before = await serving()
    const next = await serverCertificate(serverCa)
    await writeFile(files.cert, next.cert)
    await tls.refresh()
    assert.equal(await serving(), before, 'its key is not there yet')
    await writeFile(files.key, next.key)
    await tls.refresh()
    const after = await serving()
    assert.notEqual(after, before)
    await writeFile(files.key, '')
    await tls.refresh()
    assert.equal(await serving(), after)
    // It is looked at by itself, ten seconds after it was last, when somebody connects.
    const last = await serverCertificate(serverCa)
    await writeFile(files.cert, last.cert)
    await writeFile(files.key, last.key)
    test.room.clock.advance(10_000)
    let now = await serving()
    for (let connections = 0; now === after && connections < 200; connections++) now = await serving()
    assert.ok(![before, after].includes(now))
  },
)

onEveryMtlsBroker(
  'RFC 5280 §4.2.1: a CA whose names or uses are limited vouches for nobody, and a renewed one goes on',
  async (test) => {
    const { files, tls } = test
    const value = 'sync.acme.example'
    await register(test, { kind: 'tls-client-auth', certificateName: { type: 'dns', value } })
    const { keyCertSign, digitalSignature } = x509.KeyUsageFlags
    const { serverAuth, clientAuth } = x509.ExtendedKeyUsage
    const DAY_MS = 86_400_000
    const caOf = (more: x509.Extension[] = [], given: Partial<Parameters<typeof makeCertificate>[0]> = {}) =>
      makeCertificate({
        subject: 'CN=Limited CA',
        extensions: [new x509.BasicConstraintsExtension(true, undefined, true), ...more],
        ...given,
      })
    const outcome = async (cas: readonly Certificate[]) => {
      await writeFile(files.clientCas, cas.map(({ cert }) => cert).join('\n'))
      await tls.refresh()
      const [ca] = cas
      const by = await makeCertificate({ names: [{ type: 'dns', value }] }, ca)
      const { status } = await test.ask(TOKEN, byCertificate(), { by })
      return status === 200 ? 'ok' : (await test.room.events()).at(-1)?.evidence.why
    }
    // It may name what is below other.exa alone: [0] permitted, one subtree, a dNSName.
    const names = Buffer.from(`300fa00d300b8209${Buffer.from('other.exa').toString('hex')}`, 'hex')
    for (const [why, more] of [
      ['ok', [new x509.KeyUsagesExtension(keyCertSign, true), new x509.ExtendedKeyUsageExtension([clientAuth])]],
      ['issuer_limited', [new x509.Extension('2.5.29.30', true, names)]],
      ['issuer_limited', [new x509.Extension('2.5.29.30', false, names)]],
      ['issuer_limited', [new x509.Extension('1.3.6.1.4.1.99999.1', true, new Uint8Array([5, 0]))]],
      ['issuer_not_for_clients', [new x509.ExtendedKeyUsageExtension([serverAuth])]],
      ['issuer_not_trusted', [new x509.KeyUsagesExtension(digitalSignature, true)]],
    ] as const)
      assert.equal(await outcome([await caOf([...more])]), why)
    const before = await caOf([], { from: new Date(Date.now() - 3 * DAY_MS), to: new Date(Date.now() - DAY_MS) })
    const renewed = await caOf([], { keys: before.keys })
    assert.equal(await outcome([before]), 'issuer_expired')
    assert.equal(await outcome([before, renewed]), 'ok')
  },
)

onEveryMtlsBroker(
  'where clients are not asked for certificates, none that they would show is taken',
  async (test, t) => {
    const { own } = await selfSigned(test)
    const { cert: certificate, key } = test.files
    for (const [asksClients, status] of [
      [true, 200],
      [false, 401],
    ] as const) {
      const names = { server: { certificate, key, asksClients }, clientCas: undefined }
      const tls = openTlsFiles(names, { clock: test.room.clock, log: createLog('silent') })
      const replica = await openBroker(test.room, test, { tls })
      t.after(() => replica.http.close())
      const asked = { ca: test.serverCa.cert, form: byCertificate(), by: own }
      assert.equal((await send(replica.url + TOKEN, asked)).status, status)
    }
  },
)
