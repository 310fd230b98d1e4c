import { CommandError } from './exit-code.ts'
import { readText } from './read-input.ts'
import type { Surroundings } from './surroundings.ts'

/** The flags that say which certificate proves an identity. */
export interface CertificateFlags {
  readonly certificate?: string
  readonly subjectDn?: string
  readonly sanDns?: string
  readonly sanUri?: string
  readonly sanIp?: string
  readonly sanEmail?: string
}

/** As the command declares them. */
export const CERTIFICATE_FLAGS = [
  ['--certificate <file>', 'a certificate that it shows (self-signed-tls), in PEM'],
  ['--subject-dn <name>', 'the subject of what a CA issues to it (tls-client-auth)'],
  ['--san-dns <name>', 'or the one DNS name in it'],
  ['--san-uri <uri>', 'or the one URI, such as a SPIFFE ID'],
  ['--san-ip <address>', 'or the one IP address'],
  ['--san-email <address>', 'or the one mail address'],
] as const

const NAMES = [
  ['subjectDn', 'dn'],
  ['sanDns', 'dns'],
  ['sanUri', 'uri'],
  ['sanIp', 'ip'],
  ['sanEmail', 'email'],
] as const

/** The kind of credential that they name, with what it is added with; undefined where they name none. */
export const certificateOf = async (around: Surroundings, flags: CertificateFlags) => {
  if (flags.certificate !== undefined)
    return { kind: 'self-signed-tls' as const, certificate: await certificateIn(around, flags.certificate) }
  for (const [flag, type] of NAMES) {
    const value = flags[flag]
    if (value !== undefined) return { kind: 'tls-client-auth' as const, certificateName: { type, value } }
  }
  return undefined
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]{1,20000}-----END CERTIFICATE-----/

/** The first certificate in a file, which is whoever holds it; nothing else of the file, a key say, leaves this machine. */
const certificateIn = async (around: Surroundings, file: string): Promise<string> => {
  const found = PEM.exec(await readText(around, file))?.[0]
  if (found === undefined)
    throw new CommandError(`${file} holds no certificate in PEM`, { next: 'give the file of the certificate' })
  return found
}
