import { certificateFault, keyThumbprintOf, type ShownCertificate, vouchedNames } from '../client-certificate.ts'
import { bears, type CertificateNames } from '../domain/certificate-name.ts'
import { fault } from '../faults.ts'
import type { Client, ClientCredential } from '../memory/client-memory.ts'
import type { AuthenticateGiven, ProvenClient, UnprovenClient } from './authenticate-client.ts'

/** Finds the client that a certificate proves, in force now and registered for who is claimed (RFC 8705 §2). */
export const authenticateCertificate = async (
  clientId: string,
  shown: ShownCertificate | undefined,
  { memory, clientCas, nowSeconds }: Pick<AuthenticateGiven, 'memory' | 'clientCas' | 'nowSeconds'>,
): Promise<ProvenClient | UnprovenClient> => {
  const looked = shown === undefined ? 'none' : await lookAt(shown, { cas: clientCas(), nowMs: nowSeconds * 1000 })
  // Looked up whatever it is like: an unknown client and a wrong certificate take the same way.
  const wasKnown = memory.has(clientId)
  const known = await memory.find(clientId)
  const found = credentialOf(known, looked)
  if (known !== undefined && found !== undefined) return proven(known, found)
  const client = wasKnown ? await memory.reload(clientId) : known
  const late = credentialOf(client, looked)
  if (client !== undefined && late !== undefined) return proven(client, late)
  const evidence = { certificate: shown?.thumbprint ?? '', why: whyNot(looked) }
  return { isProven: false, fault: fault('client_not_proven'), claimedId: clientId, client, evidence }
}

const proven = (client: Client, credential: ClientCredential): ProvenClient => ({
  isProven: true,
  client,
  credential,
  once: undefined,
  instance: undefined,
  workflow: undefined,
})

/** What a certificate in force shows: itself, its key, and the names that a CA vouches for, or why it vouches for none. */
interface Looked {
  readonly thumbprint: string
  readonly keyThumbprint: string | undefined
  readonly names: CertificateNames | string
}

const lookAt = async (shown: ShownCertificate, given: Parameters<typeof vouchedNames>[1]): Promise<Looked | string> => {
  const wrong = certificateFault(shown, given.nowMs)
  if (wrong !== undefined) return wrong
  const { thumbprint } = shown
  return { thumbprint, keyThumbprint: keyThumbprintOf(shown), names: await vouchedNames(shown, given) }
}

const credentialOf = (client: Client | undefined, looked: Looked | string): ClientCredential | undefined =>
  typeof looked === 'string' ? undefined : client?.credentials.find((credential) => isShown(credential, looked))

const isShown = ({ kind, thumbprint, certificateName }: ClientCredential, looked: Looked): boolean => {
  // The one of the certificate, or of its key: neither can be taken for the other, as both are digests.
  if (kind === 'self-signed-tls') return thumbprint === looked.thumbprint || thumbprint === looked.keyThumbprint
  if (kind !== 'tls-client-auth' || certificateName === null || typeof looked.names === 'string') return false
  return bears(looked.names, certificateName)
}

const whyNot = (looked: Looked | string): string => {
  if (typeof looked === 'string') return looked
  return typeof looked.names === 'string' ? looked.names : 'not_registered'
}
