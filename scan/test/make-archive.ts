import { crc32, deflateRawSync } from 'node:zlib'

/** A file for an archive of a test; what is said of it may be a lie. */
export interface ArchivedFile {
  readonly name: string
  readonly content?: string | Buffer
  readonly saysBytes?: number
  readonly flags?: number
  readonly method?: number
  /** The mode of Unix in a ZIP; the type of an entry of a tar. */
  readonly mode?: number
  readonly type?: string
}

/**
 * A ZIP archive; each file as many times in its directory as `times` says, at one place. `isLarge`: its numbers stand where
 * ZIP64 has them, and, unless `endSays` is off, the old end says so.
 */
export const zipOf = (
  files: readonly ArchivedFile[],
  { times = 1, before = '', isLarge = false, endSays = true } = {},
): Buffer => {
  const locals: Buffer[] = [Buffer.from(before)]
  const records: Buffer[] = []
  let at = 0
  for (const { name, content = '', saysBytes, flags = 0, method = 8, mode = 0 } of files) {
    const raw = Buffer.from(content)
    const data = method === 8 ? deflateRawSync(raw) : raw
    const sizes = [crc32(raw), data.length, saysBytes ?? raw.length]
    const head = fields(
      [2, 20],
      [2, flags],
      [2, method],
      [4, 0],
      ...sizes.map((size): Field => [4, Math.min(size, ALL_ONES)]),
    )
    const names = fields([2, Buffer.byteLength(name)], [2, 0])
    const extra = isLarge
      ? Buffer.concat([fields([2, 1], [2, 24]), longs(sizes[2] ?? 0, data.length, at)])
      : Buffer.alloc(0)
    const said = fields([2, 20], [2, flags], [2, method], [4, 0], [4, sizes[0] ?? 0], [4, ALL_ONES], [4, ALL_ONES])
    const large = Buffer.concat([said, fields([2, Buffer.byteLength(name)], [2, extra.length])])
    const local = Buffer.concat([fields([4, 0x04034b50]), head, names, Buffer.from(name), data])
    const tail = fields([2, 0], [2, 0], [2, 0], [4, (mode << 16) >>> 0], [4, isLarge ? ALL_ONES : at])
    const record = Buffer.concat([
      fields([4, 0x02014b50], [2, 0x0314]),
      isLarge ? large : Buffer.concat([head, names]),
      tail,
      Buffer.from(name),
      extra,
    ])
    for (let time = 0; time < times; time += 1) records.push(record)
    locals.push(local)
    at += local.length
  }
  const directory = Buffer.concat(records)
  const count = Math.min(records.length, 0xfffe)
  const [size, start] = isLarge && endSays ? [ALL_ONES, ALL_ONES] : [directory.length, at]
  const end = fields([4, 0x06054b50], [4, 0], [2, count], [2, count], [4, size], [4, start], [2, 0])
  return Buffer.concat([
    ...locals,
    directory,
    ...(isLarge ? [largeEnd(records.length, directory.length, at)] : []),
    end,
  ])
}

const ALL_ONES = 0xffffffff

const largeEnd = (count: number, bytes: number, at: number): Buffer =>
  Buffer.concat([
    ...[fields([4, 0x06064b50]), longs(44), fields([2, 45], [2, 45], [4, 0], [4, 0]), longs(count, count, bytes, at)],
    ...[fields([4, 0x07064b50], [4, 0]), longs(at + bytes), fields([4, 1])],
  ])

const longs = (...values: readonly number[]): Buffer =>
  Buffer.concat(
    values.map((value) => {
      const room = Buffer.alloc(8)
      room.writeBigUInt64LE(BigInt(value))
      return room
    }),
  )

/** A tar archive (ustar). */
export const tarOf = (files: readonly ArchivedFile[]): Buffer => {
  const blocks = files.flatMap(({ name, content = '', saysBytes, type = '0' }) => {
    const raw = Buffer.from(content)
    const header = Buffer.alloc(512)
    header.write(name, 0, 100)
    header.write('0000644\0', 100)
    header.write(`${(saysBytes ?? raw.length).toString(8).padStart(11, '0')}\0`, 124)
    header.write('        ', 148)
    header.write(type, 156)
    header.write('ustar\x0000', 257)
    const sum = header.reduce((total, byte) => total + byte, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    return [header, raw, Buffer.alloc((512 - (raw.length % 512)) % 512)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1024)])
}

type Field = readonly [bytes: 2 | 4, value: number]

const fields = (...all: readonly Field[]): Buffer =>
  Buffer.concat(
    all.map(([bytes, value]) => {
      const room = Buffer.alloc(bytes)
      if (bytes === 2) room.writeUInt16LE(value)
      else room.writeUInt32LE(value)
      return room
    }),
  )
