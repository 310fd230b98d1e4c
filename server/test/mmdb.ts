import { isIP } from 'node:net'

/**
 * A MaxMind DB file (format 2.0, IPv6 tree, records of 24 bits) in which these networks have these records. Networks
 * must not overlap.
 */
export const mmdb = (networks: Readonly<Record<string, unknown>>): Buffer => {
  const nodes: [Slot, Slot][] = [[undefined, undefined]]
  const data: Buffer[] = []
  for (const [network, record] of Object.entries(networks)) {
    const bits = bitsOf(network)
    let at = 0
    for (const bit of bits.slice(0, -1)) at = childOf(nodes, at, bit)
    const offset = data.reduce((sum, { length }) => sum + length, 0)
    data.push(written(record))
    const node = nodes[at]
    if (node !== undefined) node[bits.at(-1) ?? 0] = { offset }
  }
  const count = nodes.length
  const tree = Buffer.alloc(count * 6)
  for (const [at, [left, right]] of nodes.entries()) {
    tree.writeUIntBE(recordOf(left, count), at * 6, 3)
    tree.writeUIntBE(recordOf(right, count), at * 6 + 3, 3)
  }
  const metadata = {
    node_count: count,
    record_size: 24,
    ip_version: 6,
    database_type: 'Test-Country',
    languages: ['en'],
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
    description: { en: 'a test' },
  }
  const marker = Buffer.concat([Buffer.from([0xab, 0xcd, 0xef]), Buffer.from('MaxMind.com')])
  return Buffer.concat([tree, Buffer.alloc(16), ...data, marker, written(metadata)])
}

type Slot = undefined | { readonly node: number } | { readonly offset: number }

const childOf = (nodes: [Slot, Slot][], at: number, bit: 0 | 1): number => {
  const slot = nodes[at]?.[bit]
  if (slot !== undefined && 'node' in slot) return slot.node
  const node = nodes.push([undefined, undefined]) - 1
  const parent = nodes[at]
  if (parent !== undefined) parent[bit] = { node }
  return node
}

const SEPARATOR_BYTES = 16

const recordOf = (slot: Slot, count: number): number => {
  if (slot === undefined) return count
  return 'node' in slot ? slot.node : count + SEPARATOR_BYTES + slot.offset
}

// IPv4 stands in the first 96 zero bits of an IPv6 tree.
const bitsOf = (network: string): (0 | 1)[] => {
  const [address = '', length] = network.split('/')
  const isV4 = isIP(address) === 4
  const groups = isV4 ? address.split('.').map(Number) : groupsOf(address)
  const width = isV4 ? 8 : 16
  const bits = groups.flatMap((group) =>
    [...group.toString(2).padStart(width, '0')].map((bit) => (bit === '1' ? 1 : 0)),
  )
  const zeros: (0 | 1)[] = isV4 ? Array.from({ length: 96 }, () => 0) : []
  return [...zeros, ...bits.slice(0, Number(length))]
}

const groupsOf = (address: string): number[] => {
  const [head = '', tail = ''] = address.split('::')
  const [before, after] = [head, tail].map((part) =>
    part === '' ? [] : part.split(':').map((one) => parseInt(one, 16)),
  )
  const all = [...(before ?? []), ...(after ?? [])]
  return [...(before ?? []), ...Array.from({ length: 8 - all.length }, () => 0), ...(after ?? [])]
}

const TEXT = 2
const NUMBER = 6
const MAP = 7
const LIST = 4
const EXTENDED = 7

const written = (value: unknown): Buffer => {
  if (typeof value === 'string') return headed(TEXT, Buffer.byteLength(value), Buffer.from(value))
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return headed(NUMBER, 4, bytes)
  }
  // A list is an extended type: its head has no type, and a byte of its own says which.
  if (Array.isArray(value)) return Buffer.concat([Buffer.from([value.length, LIST]), ...value.map(written)])
  const entries = Object.entries(value ?? {})
  return headed(MAP, entries.length, Buffer.concat(entries.flatMap(([name, one]) => [written(name), written(one)])))
}

const SMALL_MAX = 28

const headed = (type: number, size: number, body: Buffer): Buffer => {
  if (type > EXTENDED || size > SMALL_MAX) throw new Error('this writer knows small things only')
  return Buffer.concat([Buffer.from([(type << 5) | size]), body])
}
