import { base64url } from 'jose'

/** The nonces that are good now, the newest first (RFC 9449 §8): nothing is kept for them. */
export type FreshNonces = () => Promise<readonly string[]>

/**
 * Nonces made of the time, by a secret that all replicas share, so that each takes what another gave. A new one comes
 * every minute, and each is good for a minute more: no proof can be made long before it is used.
 */
export const createFreshNonces = ({ secret, nowMs }: { secret: Uint8Array; nowMs: () => number }): FreshNonces => {
  let known: { readonly minute: number; readonly nonces: Promise<readonly string[]> } | undefined
  const key = crypto.subtle.importKey('raw', new Uint8Array(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  // Told to whoever asks for a nonce.
  key.catch(() => {})

  const nonceOf = async (minute: number): Promise<string> => {
    const mac = await crypto.subtle.sign('HMAC', await key, new TextEncoder().encode(`dpop nonce ${minute}`))
    return base64url.encode(new Uint8Array(mac).subarray(0, nonceBytes))
  }

  return () => {
    const minute = Math.floor(nowMs() / minuteMs)
    // The next one too: the clock of another replica may be ahead.
    if (known?.minute !== minute)
      known = { minute, nonces: Promise.all([nonceOf(minute), nonceOf(minute - 1), nonceOf(minute + 1)]) }
    return known.nonces
  }
}

const minuteMs = 60_000
const nonceBytes = 18
