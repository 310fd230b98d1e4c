import { longFromDigits, longOf } from './long.ts'
import type { ExtensionValue } from './value.ts'

/** Reads a decimal number: digits, a point, and one to four more digits. */
export const readDecimal = (text: string): ExtensionValue | undefined => {
  const found = DECIMAL.exec(text)
  if (!found) return undefined
  const [, sign = '', whole = '', fraction = ''] = found
  const digits = `${sign}${whole}${fraction.padEnd(4, '0')}`
  const tenThousandths = digits.length > DIGITS_MAX ? longOf(BigInt(digits)) : longFromDigits(digits)
  return tenThousandths === undefined ? undefined : { kind: 'decimal', tenThousandths }
}

const DECIMAL = /^(-?)([0-9]+)\.([0-9]{1,4})$/
const DIGITS_MAX = 20
