import type { AddressRange } from './value.ts'

/** Reads an address or a range (`10.0.0.0/8`), of version 4 or 6; version 4 inside version 6 is not taken. */
export const readAddress = (text: string): AddressRange | undefined => {
  const slash = text.indexOf('/')
  const written = slash < 0 ? text : text.slice(0, slash)
  const isVersion4 = written.includes('.')
  // Before anything is read of a long text.
  if (written.length > (isVersion4 ? 15 : 39)) return undefined
  const bitsMax = isVersion4 ? 32 : 128
  const prefixBits = slash < 0 ? bitsMax : prefix(text.slice(slash + 1), bitsMax)
  if (prefixBits === undefined) return undefined
  if (isVersion4) {
    const address = version4(written)
    return address === undefined ? undefined : { kind: 'ip', version: 4, address, prefixBits }
  }
  const address = version6(written)
  return address === undefined ? undefined : { kind: 'ip', version: 6, address, prefixBits }
}

/** Whether every address of one range is in another. */
export const isInRange = (one: AddressRange, within: AddressRange): boolean => {
  if (one.prefixBits < within.prefixBits) return false
  if (one.version === 4 && within.version === 4) {
    // A shift by 32 is a shift by nothing.
    if (within.prefixBits === 0) return true
    return (one.address ^ within.address) >>> (32 - within.prefixBits) === 0
  }
  if (one.version === 6 && within.version === 6)
    return (one.address ^ within.address) >> BigInt(128 - within.prefixBits) === 0n
  return false
}

/** Whether all of a range is the loopback network. */
export const isLoopback = (one: AddressRange): boolean =>
  one.version === 4 ? one.prefixBits >= 8 && one.address >>> 24 === 127 : one.prefixBits === 128 && one.address === 1n

/** Whether all of a range is multicast. */
export const isMulticast = (one: AddressRange): boolean =>
  one.version === 4
    ? one.prefixBits >= 4 && one.address >>> 28 === 14
    : one.prefixBits >= 8 && one.address >> 120n === 0xffn

const PREFIX = /^(?:0|[1-9][0-9]{0,2})$/
const prefix = (text: string, bitsMax: number): number | undefined =>
  PREFIX.test(text) && Number(text) <= bitsMax ? Number(text) : undefined

const version4 = (text: string): number | undefined => {
  let address = 0
  let octet = -1
  let octets = 0
  for (let at = 0; at <= text.length; at++) {
    const digit = at === text.length ? DOT : text.charCodeAt(at) - 48
    if (digit === DOT) {
      if (octet < 0) return undefined
      address = address * 256 + octet
      octets++
      octet = -1
    } else {
      // Zero may stand alone, not before other digits.
      if (digit < 0 || digit > 9 || octet === 0) return undefined
      octet = Math.max(octet, 0) * 10 + digit
      if (octet > 255) return undefined
    }
  }
  return octets === 4 ? address : undefined
}
const DOT = '.'.charCodeAt(0) - 48

const version6 = (text: string): bigint | undefined => {
  const halves = text.split('::')
  const [head = '', tail] = halves
  if (halves.length > 2) return undefined
  const before = groups(head)
  const after = tail === undefined ? [] : groups(tail)
  if (!before || !after) return undefined
  const given = before.length + after.length
  // The short form stands for one group at least.
  if (tail === undefined ? given !== 8 : given > 7) return undefined
  let address = 0n
  for (const group of [...before, ...new Array<number>(8 - given).fill(0), ...after])
    address = (address << 16n) | BigInt(group)
  return address
}

const GROUP = /^[0-9a-fA-F]{1,4}$/
const groups = (text: string): number[] | undefined => {
  if (text === '') return []
  const written = text.split(':')
  return written.every((group) => GROUP.test(group)) ? written.map((group) => Number.parseInt(group, 16)) : undefined
}
