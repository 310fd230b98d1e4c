import { BlockList, isIP } from 'node:net'

/** What an address is to a server that must not be used to look into its own network. */
export type Reach = 'public' | 'configured' | 'refused'

/** Judges addresses: `configured` lists networks that may be reached although they are not public. */
export const createReach = (configured: readonly string[]): ((address: string) => Reach) => {
  const own = new BlockList()
  for (const network of configured) addNetwork(own, network)
  return (address) => {
    const family = isIP(address)
    if (family === 0) return 'refused'
    // In the writing in which they were configured: whoever allows 127.0.0.0/8 has not allowed ::ffff:127.0.0.1.
    const isIPv6 = family === 6
    if (isIPv6 ? !EMBEDDED.check(address, 'ipv6') && own.check(address, 'ipv6') : own.check(address, 'ipv4'))
      return 'configured'
    if (!isIPv6) return SPECIAL_IPV4.check(address, 'ipv4') ? 'refused' : 'public'
    // IANA has given out nothing public outside of 2000::/3, and there are tunnels and examples inside of it.
    return GLOBAL_IPV6.check(address, 'ipv6') && !SPECIAL_IPV6.check(address, 'ipv6') ? 'public' : 'refused'
  }
}

const addNetwork = (list: BlockList, network: string): void => {
  const [address = '', bits] = network.split('/')
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  list.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family)
}

const listOf = (...networks: readonly string[]): BlockList => {
  const list = new BlockList()
  for (const network of networks) addNetwork(list, network)
  return list
}

// RFC 6890 and the IANA registry of special addresses; where a cloud tells a machine its secrets, those as well.
const SPECIAL_IPV4 = listOf(
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
)
const GLOBAL_IPV6 = listOf('2000::/3')
// 2001::/23 holds Teredo, 2002::/16 is 6to4: both carry an IPv4 address that is not looked at here.
const SPECIAL_IPV6 = listOf('2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20')
// IPv4-mapped: the operating system dials the IPv4 address that is in it.
const EMBEDDED = listOf('::ffff:0:0/96')
