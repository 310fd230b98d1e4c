import { BlockList, isIP } from 'node:net'

/** Whether a text is an address, or a range of them that is small enough to bind anything to. */
export const isNetwork = (text: string): boolean => readNetwork(text) !== undefined

/** Whether an address is inside one of these networks; no networks: everywhere. */
export type IsInside = (address: string | null) => boolean

/** Reads the networks once, so that each address is looked up in no time. */
export const insideOf = (networks: readonly string[]): IsInside => {
  if (networks.length === 0) return () => true
  const list = new BlockList()
  for (const text of networks) {
    const network = readNetwork(text)
    if (network !== undefined) list.addSubnet(network.address, network.prefix, network.family)
  }
  const look: IsInside = (address) => {
    if (address === null) return false
    const family = familyOf(address)
    // An IPv4 address inside an IPv6 one is that IPv4 address: BlockList looks it up as such.
    return family !== undefined && list.check(address, family)
  }
  let last: { readonly address: string | null; readonly isInside: boolean } | undefined
  return (address) => {
    // What is used much is used from the same place again, and the networks stay what they are.
    if (last?.address !== address || last === undefined) last = { address, isInside: look(address) }
    return last.isInside
  }
}

/** Whether a text is one address, without a zone. */
export const isAddress = (text: string): boolean => familyOf(text) !== undefined

type Family = 'ipv4' | 'ipv6'

const familyOf = (address: string): Family | undefined => {
  const version = address.includes('%') ? 0 : isIP(address)
  return version === 0 ? undefined : version === 4 ? 'ipv4' : 'ipv6'
}

const readNetwork = (text: string): { address: string; prefix: number; family: Family } | undefined => {
  const [address = '', length, ...rest] = text.split('/')
  const family = familyOf(address)
  // Written as IPv4, or not at all: a range inside `::ffff:0:0/96` would read as one of IPv6.
  if (family === undefined || rest.length > 0 || (family === 'ipv6' && address.includes('.'))) return undefined
  const bits = family === 'ipv4' ? 32 : 128
  if (length === undefined) return { address, prefix: bits, family }
  const prefix = PREFIX.test(length) ? Number(length) : 0
  // Half of the internet is no place that a key could be bound to.
  if (prefix < PREFIX_MIN || prefix > bits) return undefined
  return family === 'ipv6' && holdsIpv4(address, prefix) ? undefined : { address, prefix, family }
}

/** Whether a range of IPv6, however it is written, is or holds one of IPv4: `::ffff:0:0/96` is the whole of that. */
const holdsIpv4 = (address: string, prefix: number): boolean => {
  const range = new BlockList()
  range.addSubnet(address, prefix, 'ipv6')
  return MAPPED.check(address, 'ipv6') || range.check('::ffff:0:0', 'ipv6')
}

const MAPPED = new BlockList()
MAPPED.addSubnet('::ffff:0:0', 96, 'ipv6')

const PREFIX = /^[1-9]\d{0,2}$/
const PREFIX_MIN = 8
