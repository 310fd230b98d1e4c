import { constants, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { Clock } from '../../kit/clock.ts'
import type { Log } from '../../kit/log.ts'

/** The files by which this server shows who it is, and knows who issues the certificates of its clients. */
export interface TlsFileNames {
  /** A certificate with its chain, and its key, both in PEM; undefined where somebody else ends TLS. */
  readonly server:
    | { readonly certificate: string; readonly key: string; readonly asksClients?: boolean | undefined }
    | undefined
  readonly clientCas: string | undefined
}

/** What these files hold now. They are looked at again while they are used, so that what is renewed serves without a restart. */
export interface TlsFiles {
  /** Whether callers are asked for a certificate of theirs. */
  readonly asksClients: boolean
  /** What a TLS server is made with; undefined where there is no certificate. */
  server(): SecureContextOptions | undefined
  clientCas(): readonly X509Certificate[]
  /** Calls this with each new certificate of the server. */
  onRenewed(renewed: (options: SecureContextOptions) => void): void
  /** Reads the files again if they are others now. What cannot be read leaves the last good ones serving. */
  refresh(): Promise<void>
}

const LOOK_EVERY_MS = 10_000

/** Opens the files; throws what is wrong with them. */
export const openTlsFiles = (names: TlsFileNames, given: { readonly clock: Clock; readonly log: Log }): TlsFiles => {
  const { clock, log } = given
  const files = [names.server?.certificate, names.server?.key, names.clientCas].filter((file) => file !== undefined)
  let held = heldIn(names, new Map(files.map((file) => [file, readFileSync(file)])))
  let version = files.map((file) => versionOf(statSync(file))).join()
  let failed = ''
  let lookedAtMs = clock.monotonicMs()
  let looking: Promise<void> | undefined
  const renewals: ((options: SecureContextOptions) => void)[] = []

  const look = async (): Promise<void> => {
    const now = (await Promise.all(files.map(async (file) => versionOf(await stat(file))))).join()
    if (now === version || now === failed) return
    try {
      const read = await Promise.all(files.map(async (file) => [file, await readFile(file)] as const))
      held = heldIn(names, new Map(read))
      version = now
      if (held.server !== undefined) for (const renewed of renewals) renewed(held.server)
      log.info('the files of TLS were read anew')
    } catch (error) {
      // Somebody may be half way through replacing them; each state of them is told once.
      failed = now
      throw error
    }
  }

  const refresh = (): Promise<void> => {
    lookedAtMs = clock.monotonicMs()
    looking ??= look()
      .catch((error: unknown) => {
        log.error({ err: error }, 'the files of TLS cannot be used; the last good ones serve')
      })
      .finally(() => {
        looking = undefined
      })
    return looking
  }

  const used = () => {
    if (clock.monotonicMs() - lookedAtMs >= LOOK_EVERY_MS) void refresh()
    return held
  }

  return {
    asksClients: names.server?.asksClients !== false,
    server: () => used().server,
    clientCas: () => used().clientCas,
    onRenewed: (renewed) => renewals.push(renewed),
    refresh,
  }
}

const versionOf = ({ ino, size, mtimeMs }: { ino: number; size: number; mtimeMs: number }): string =>
  `${ino} ${size} ${mtimeMs}`

interface Held {
  readonly server: SecureContextOptions | undefined
  readonly clientCas: readonly X509Certificate[]
}

const heldIn = ({ server, clientCas }: TlsFileNames, read: ReadonlyMap<string, Buffer>): Held => {
  const options =
    server === undefined
      ? undefined
      : { ...TLS, cert: read.get(server.certificate) ?? '', key: read.get(server.key) ?? '' }
  // Throws where a file is no certificate or no key, or the two do not belong together.
  if (options !== undefined) createSecureContext(options)
  return { server: options, clientCas: clientCas === undefined ? [] : casIn(read.get(clientCas) ?? Buffer.alloc(0)) }
}

const TLS: SecureContextOptions = {
  minVersion: 'TLSv1.2',
  // INVARIANT: no session is resumed and no certificate changed on the way (RFC 8446 §2.2, RFC 5746): whoever connects has
  // just proven the key of its certificate, and shows no other one later.
  secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  // None: a self-signed certificate is as welcome, so that clients are asked for any. Who is believed is judged by us.
  ca: [],
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]{1,20000}-----END CERTIFICATE-----/g

const casIn = (text: Buffer): readonly X509Certificate[] => {
  const cas = (text.toString('latin1').match(PEM) ?? []).map((pem) => new X509Certificate(pem))
  if (cas.length === 0) throw new Error('there is no certificate in PEM in the file of the client CAs')
  const other = cas.find(({ ca }) => !ca)
  if (other !== undefined) throw new Error('a certificate in the file of the client CAs is not one of a CA')
  return cas
}
