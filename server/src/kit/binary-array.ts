/** The types of the columns whose values are sent so. */
export type ArrayType = 'text' | 'bigint'

/**
 * Values as PostgreSQL takes an array in its binary format: JSON, and an array as text, it reads character by character. A lone
 * surrogate becomes U+FFFD, as in any parameter.
 */
export const binaryArray = (type: ArrayType, values: readonly (string | number | null)[]): Buffer => {
  const lengths = values.map((value) => lengthOf(type, value))
  const size = lengths.reduce((sum, length) => sum + LENGTH_BYTES + Math.max(length, 0), HEADER_BYTES)
  const array = Buffer.alloc(size)
  const header = [1, values.includes(null) ? 1 : 0, OIDS[type], values.length, FIRST_INDEX]
  for (const [place, word] of header.entries()) array.writeInt32BE(word, place * 4)
  let at = HEADER_BYTES
  for (const [index, value] of values.entries()) {
    const length = lengths[index] ?? NULL
    array.writeInt32BE(length, at)
    at += LENGTH_BYTES
    if (length === NULL) continue
    if (type === 'text') array.write(String(value), at)
    else array.writeBigInt64BE(BigInt(value ?? 0), at)
    at += length
  }
  return array
}

/** Its bytes; `NULL` of what is none. */
const lengthOf = (type: ArrayType, value: string | number | null): number => {
  if (value === null) return NULL
  return type === 'text' ? Buffer.byteLength(String(value)) : BIGINT_BYTES
}

// Dimensions, whether any is null, the type of each, how many, and the number of the first.
const HEADER_BYTES = 20
const FIRST_INDEX = 1
const LENGTH_BYTES = 4
const BIGINT_BYTES = 8
const NULL = -1
// pg_type.dat: they are the same in every database.
const OIDS: Readonly<Record<ArrayType, number>> = { text: 25, bigint: 20 }
