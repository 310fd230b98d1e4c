import type { Confirmation } from '@reeve/sdk'
import { Fault } from '../../kit/fault.ts'
import type { Once } from '../../kit/spend-once.ts'
import type { HotParts } from './hot-parts.ts'
import type { OAuthRequest } from './oauth-request.ts'

/** Who sends a request, as far as it proves to hold a key: what a token that it gets is bound to. */
export interface ProvenSender {
  readonly cnf: Confirmation
  /** The use of its proof, where it made one. */
  readonly once: Once | undefined
}

/**
 * Who sends a request to the token endpoint, when it proves that; most do not, and nobody waits for it then. Whoever shows a
 * certificate and a proof of another key is bound to both (RFC 8705 §3, RFC 9449 §5).
 */
export const senderOf = (
  { senders, addresses }: HotParts,
  { dpop, certificate }: OAuthRequest,
): ProvenSender | undefined | Promise<ProvenSender | Fault> => {
  const shown = certificate === undefined ? {} : { 'x5t#S256': certificate.thumbprint }
  if (dpop === undefined) return certificate === undefined ? undefined : { cnf: shown, once: undefined }
  const judged = senders.judge(dpop, { method: 'POST', urls: addresses().map(tokenUrl) })
  return judged.then((key) => (key instanceof Fault ? key : { cnf: { jkt: key.jkt, ...shown }, once: key.once }))
}

/** Where tokens are asked for at an address of this server. */
export const tokenUrl = (address: string): string => `${address}/oauth/token`

/** What events tell of what a token is bound to. */
export const boundEvidence = (cnf: Confirmation | undefined): Readonly<Record<string, string>> => ({
  ...(cnf?.jkt === undefined ? {} : { boundTo: cnf.jkt }),
  ...(cnf?.['x5t#S256'] === undefined ? {} : { boundToCertificate: cnf['x5t#S256'] }),
})
