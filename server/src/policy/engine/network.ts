import { isIP } from 'node:net'

/** Whether a text is an address or a CIDR range as Cedar's `ip` takes it: no zone, no leading zero in the prefix. */
export const isNetwork = (text: string): boolean => {
  const [address = '', prefix, ...rest] = text.split('/')
  const version = isIP(address)
  // Cedar refuses a zone and an IPv4 address inside an IPv6 one.
  if (rest.length > 0 || version === 0 || address.includes('%') || (version === 6 && address.includes('.')))
    return false
  return prefix === undefined || (PREFIX.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128))
}

const PREFIX = /^(?:0|[1-9]\d{0,2})$/
