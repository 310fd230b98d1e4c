import type { Entropy } from './entropy.ts'

/** Numbers around every edge: of 64 bits, of what JavaScript holds exactly, of a product. */
const LONGS = [
  0n,
  1n,
  -1n,
  2n,
  7n,
  1_000n,
  86_400_000n,
  2n ** 31n,
  3_037_000_500n,
  -3_037_000_499n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  -(2n ** 53n),
  -(2n ** 53n) - 1n,
  2n ** 62n,
  2n ** 63n - 2n,
  2n ** 63n - 1n,
  -(2n ** 63n) + 1n,
  -(2n ** 63n),
]

export const long = (of: Entropy): bigint => (of.oneIn(2) ? BigInt(of.below(12)) - 3n : largeLong(of))

const largeLong = (of: Entropy): bigint =>
  of.oneIn(4)
    ? (BigInt(of.below(2 ** 31)) * BigInt(of.below(2 ** 31)) * 2n + BigInt(of.below(2))) * (of.oneIn(2) ? -1n : 1n)
    : of.pick(LONGS)

const STRINGS = [
  'a',
  'b',
  '',
  'ab',
  'aab',
  'ba',
  'a*b',
  '*',
  '\\',
  '"',
  'é',
  'e\u0301',
  '😀',
  'a😀b',
  '\n',
  '\0',
  '\u{10FFFF}',
  '__proto__',
  'constructor',
  'toString',
  '1',
  'true',
  '::"',
  '1.0',
  '127.0.0.1',
  '2020-01-01',
  '1d',
]

export const string = (of: Entropy): string =>
  of.oneIn(5) ? of.some(6, () => of.pick(['a', 'b', '*', '\\', 'é', '😀'])).join('') : of.pick(STRINGS)

export const NAMES = ['a', 'b', 'c', 'n', 's', 'x y', '__proto__', 'constructor', 'type', 'id', 'like', ''] as const

/** A text with one character taken out, put in or exchanged. */
const spoiled = (of: Entropy, text: string, letters: readonly string[]): string => {
  const at = of.below(text.length + 1)
  const letter = of.pick(letters)
  return of.pick([
    text.slice(0, at) + letter + text.slice(at),
    text.slice(0, at) + text.slice(at + 1),
    text.slice(0, at) + letter + text.slice(at + 1),
  ])
}

const maybeSpoiled = (of: Entropy, text: string, letters: readonly string[]): string =>
  of.oneIn(6) ? spoiled(of, text, letters) : text

const group = (of: Entropy): string => of.pick(['0', '1', 'ff', 'FFFF', '0a', 'abcd', 'ff00', '00f', '12345', ''])
const octet = (of: Entropy): string => of.pick(['0', '1', '10', '127', '224', '239', '255', '192', '256', '01', ''])
const IPS = [
  '127.0.0.1',
  '10.0.0.0/8',
  '10.1.2.3',
  '::1',
  '::',
  '::/0',
  '0.0.0.0/0',
  '224.0.0.0/4',
  '239.1.1.1/3',
  '127.0.0.1/7',
  '127.0.0.0/8',
  'ff00::/8',
  'ff02::1',
  'ff00::/7',
  '::1/127',
  '::ffff:1.2.3.4',
  '1:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7::',
  '::2:3:4:5:6:7:8',
  '1::8/64',
  '1:2:3:4:5:6:7::8',
  '10.0.0.1/32',
  '10.0.0.1/33',
  '10.0.0.1/032',
  '::1/128',
  '::1/129',
  '::1/',
  '/8',
  '10.0.0.1/+8',
  ':::',
  '1::2::3',
  '::1%eth0',
  ' 1.1.1.1',
  '10.0.0.1/8',
  '10.0.0.1/0',
  '1.2.3.4/00',
]

export const ip = (of: Entropy): string => {
  const written = of.below(4)
  if (written === 0) return maybeSpoiled(of, of.pick(IPS), ['0', '1', ':', '.', '/', 'f', 'g', ' '])
  if (written === 1) {
    const prefix = of.oneIn(2) ? `/${of.below(35)}` : ''
    return Array.from({ length: of.oneIn(9) ? of.below(6) : 4 }, () => octet(of)).join('.') + prefix
  }
  if (written === 2) return `10.${of.below(3)}.0.${of.below(3)}/${of.below(34)}`
  const prefix = of.oneIn(2) ? `/${of.below(131)}` : ''
  const half = (): string => of.some(8, () => group(of)).join(':')
  return (of.oneIn(3) ? Array.from({ length: 8 }, () => group(of)).join(':') : `${half()}::${half()}`) + prefix
}

const DECIMALS = [
  '0.0',
  '1.0',
  '-1.0',
  '1.00',
  '1.0000',
  '1.00000',
  '-0.5',
  '0.5',
  '-0.0',
  '922337203685477.5807',
  '922337203685477.5808',
  '-922337203685477.5808',
  '-922337203685477.5809',
  '1',
  '1.',
  '.1',
  '+1.0',
  '1e1',
  '00001.1',
  '000000000000000000000000001.1',
  '--1.0',
  '1.2.3',
  '',
  '-',
  '12.3456',
  '١.٢',
  ' 1.0',
  '1.0 ',
  '1.0\n',
]

export const decimal = (of: Entropy): string =>
  of.oneIn(3)
    ? `${of.oneIn(3) ? '-' : ''}${of.below(1_000)}.${of.below(100_000)}`
    : maybeSpoiled(of, of.pick(DECIMALS), ['0', '9', '.', '-', 'a'])

const DATETIMES = [
  '1970-01-01',
  '2024-02-29',
  '2023-02-29',
  '1900-02-29',
  '2000-02-29',
  '0000-01-01',
  '9999-12-31T23:59:59.999Z',
  '2024-10-15T11:35:00Z',
  '2024-10-15T11:35:00.000Z',
  '2024-10-15T11:35:00+0000',
  '2024-10-15T11:35:00.123-0130',
  '2024-10-15T11:35:00+2359',
  '2024-10-15T11:35:00+2400',
  '2024-10-15T11:35:00-0060',
  '2024-10-15T24:00:00Z',
  '2024-10-15T23:60:00Z',
  '2016-12-31T23:59:60Z',
  '2024-10-15T11:35Z',
  '2024-10-15T11:35:00',
  '2024-10-15T',
  '2024-13-01',
  '2024-00-01',
  '2024-04-31',
  '2024-1-1',
  '2024-10-15T11:35:00.12Z',
  '2024-10-15T11:35:00.1234Z',
  '2024-10-15t11:35:00Z',
  '2024-10-15T11:35:00z',
  '2024-10-15 11:35:00Z',
  '1969-12-31T23:59:59.999Z',
  '-001-01-01',
  '10000-01-01',
  '2024-10-15T11:35:00+01:00',
  '2024-10-15Z',
  '',
  '2024-10-15\n',
]
const two = (of: Entropy, most: number): string => String(of.below(most)).padStart(2, '0')

export const datetime = (of: Entropy): string => {
  if (of.oneIn(2)) return maybeSpoiled(of, of.pick(DATETIMES), ['0', '9', '-', ':', 'T', 'Z', '.', '+'])
  const date = `${of.pick(['0000', '0004', '0100', '1600', '1900', '1969', '1970', '2000', '2023', '2024', '9999'])}-${two(of, 14)}-${two(of, 33)}`
  if (of.oneIn(3)) return date
  const time = `T${two(of, 25)}:${two(of, 61)}:${two(of, 61)}${of.oneIn(2) ? `.${String(of.below(1_000)).padStart(3, '0')}` : ''}`
  return date + time + (of.oneIn(2) ? `${of.pick(['+', '-'])}${two(of, 25)}${two(of, 61)}` : 'Z')
}

const DURATIONS = [
  '0ms',
  '1ms',
  '-1ms',
  '1s',
  '1m',
  '1h',
  '1d',
  '-1d',
  '1d2h3m4s5ms',
  '-1d2h3m4s5ms',
  '1d1d',
  '1h1d',
  '',
  '-',
  '1',
  'd',
  '1ms1s',
  '106751991167d',
  '106751991168d',
  '9223372036854775807ms',
  '-9223372036854775808ms',
  '9223372036854775808ms',
  '-9223372036854775809ms',
  '1d-1h',
  '+1d',
  '1 d',
  '1D',
  '00001d',
  '000000000000000000000000000001ms',
  '1.5s',
  '18446744073709551616ms',
  '--1d',
  '86400s',
  '1m1ms',
  '106751991167d7h12m55s807ms',
  '106751991167d7h12m55s808ms',
  '-106751991167d7h12m55s808ms',
]

export const duration = (of: Entropy): string => {
  if (of.oneIn(2)) return maybeSpoiled(of, of.pick(DURATIONS), ['0', '9', '-', 'd', 'h', 'm', 's'])
  const parts = ['d', 'h', 'm', 's', 'ms'].map((unit) => (of.oneIn(2) ? `${of.below(100_000)}${unit}` : ''))
  return `${of.oneIn(3) ? '-' : ''}${parts.join('')}`
}
