import { close, constants, open, unlinkSync, write } from 'node:fs'
import { open as openHandle, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'

/** A text that a journal holds, with its number: each is one more than the one before it. */
export interface Frame {
  readonly number: number
  readonly text: string
  /** Up to which number all was elsewhere when it was written: it says nothing of a database that has less. */
  readonly released: number
}

/** A file of texts that are durable sooner than a database can make them; it is written around, so its size is given. */
export interface Journal {
  /** Writes the text and resolves once it is on the disk; undefined when there is no room, or none can be written. */
  append(number: number, text: string): Promise<void> | undefined
  /** All up to this number is elsewhere now, and may be written over. */
  release(number: number): void
  /** Ends it. INVARIANT: whoever says that nothing is needed any more has it elsewhere, durably. */
  close(isNeeded: boolean): Promise<void>
}

/** The journal is of another database than the one beside it, or of a later state of it. */
export class ForeignJournal extends Error {
  constructor(path: string) {
    super(
      `the file ${path} holds records of another database than reeve.db beside it, or of a later state of it; put back the database that it is of, or move the file away`,
    )
    this.name = 'ForeignJournal'
  }
}

const BLOCK = 4096
const HEADER = 40
// No text in UTF-8 has the byte 0xff, so that nothing within a frame is taken for one.
const MAGIC = Buffer.from([0xff, 0x52, 0x45, 0x45, 0x56, 0x45, 0xff, 1])
// A write ends when what it wrote is on the disk: one turn of the thread pool where a flush of its own takes two.
const DURABLE = constants.O_DSYNC ?? constants.O_SYNC

const openFile = promisify(open)
const closeFile = promisify(close)

/**
 * Makes the journal's file, filled once so that later writes find their blocks there. `owner` names the database that it is of:
 * a whole number.
 */
export const createJournal = async (path: string, owner: number, bytes: number): Promise<Journal> => {
  const made = await openHandle(path, 'w', 0o600)
  try {
    await made.writeFile(Buffer.alloc(bytes))
    await made.sync()
  } finally {
    await made.close()
  }
  // That the folder names the file has to be on the disk as well.
  await syncFolder(dirname(path))
  const file = await openFile(path, constants.O_WRONLY | DURABLE)
  const places = ring(bytes)
  let isBroken = false
  return {
    append: (number, text) => {
      if (isBroken) return undefined
      const length = Buffer.byteLength(text)
      const start = places.take(number, HEADER + length)
      if (start === undefined) return undefined
      const frame = frameOf({ owner, number, released: places.released(), text, length })
      return new Promise((resolve, reject) => {
        write(file, frame, 0, frame.length, start, (error, written) => {
          if (error === null && written === frame.length) {
            places.written(number)
            return resolve()
          }
          // What a failed write left is not known, and a later one may not say that all is well.
          isBroken = true
          reject(new Error('the disk did not take what was written', { cause: error }))
        })
      })
    },
    release: places.release,
    close: async (isNeeded) => {
      isBroken = true
      await closeFile(file)
      if (!isNeeded) unlinkSync(path)
    },
  }
}

const syncFolder = async (path: string): Promise<void> => {
  const folder = await openHandle(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const frameOf = (given: Frame & { readonly owner: number; readonly length: number }): Buffer => {
  const frame = Buffer.allocUnsafe(HEADER + given.length)
  MAGIC.copy(frame, 0)
  frame.writeDoubleLE(given.owner, 8)
  frame.writeDoubleLE(given.number, 16)
  frame.writeDoubleLE(given.released, 24)
  frame.writeUInt32LE(given.length, 32)
  frame.write(given.text, HEADER, 'utf8')
  frame.writeUInt32LE(crc32(frame.subarray(HEADER), crc32(frame.subarray(0, 36))), 36)
  return frame
}

/** The places of frames: one after the other from the start of a block, and from the start of the file again at its end. */
const ring = (bytes: number) => {
  const used: { readonly number: number; readonly start: number; isWritten: boolean }[] = []
  let next = 0
  let released = 0
  // INVARIANT: a place is given anew only once its write has ended, or that might come down on what stands there then.
  const free = (): void => {
    while (used[0] !== undefined && used[0].number <= released && used[0].isWritten) used.shift()
  }
  return {
    take: (number: number, length: number): number | undefined => {
      const size = Math.ceil(length / BLOCK) * BLOCK
      const first = used[0]?.start
      const start = next + size <= bytes ? next : 0
      // What is used lies from `first` to `next`, around the end or not; a frame never ends where the first begins.
      const isFree =
        first === undefined
          ? size <= bytes
          : first < next
            ? start === next || start + size < first
            : start === next && start + size < first
      if (!isFree) return undefined
      next = start + size
      used.push({ number, start, isWritten: false })
      return start
    },
    written: (number: number): void => {
      const found = used.findLast((each) => each.number === number)
      if (found !== undefined) found.isWritten = true
      free()
    },
    release: (number: number): void => {
      released = Math.max(released, number)
      free()
    },
    released: () => released,
  }
}

/**
 * Reads what a process that ended in the middle left, in order. What was never whole was never promised, and is not given.
 * Throws ForeignJournal; gives nothing where there is no file.
 */
export const readJournal = async (path: string, owner: number): Promise<readonly Frame[]> => {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0)
    throw error
  })
  const frames: Frame[] = []
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const frame = frameAt(bytes, at)
    if (frame !== undefined && frame.owner !== owner) throw new ForeignJournal(path)
    if (frame !== undefined) frames.push({ number: frame.number, text: frame.text, released: frame.released })
    at += frame === undefined ? BLOCK : Math.ceil(frame.length / BLOCK) * BLOCK
  }
  return frames.sort((one, other) => one.number - other.number)
}

const frameAt = (
  bytes: Buffer,
  at: number,
): (Frame & { readonly owner: number; readonly length: number }) | undefined => {
  if (!bytes.subarray(at, at + MAGIC.length).equals(MAGIC)) return undefined
  const end = at + HEADER + bytes.readUInt32LE(at + 32)
  if (end > bytes.length) return undefined
  const body = bytes.subarray(at + HEADER, end)
  if (crc32(body, crc32(bytes.subarray(at, at + 36))) !== bytes.readUInt32LE(at + 36)) return undefined
  const [owner, number, released] = [8, 16, 24].map((offset) => bytes.readDoubleLE(at + offset))
  if (owner === undefined || number === undefined || released === undefined) return undefined
  return { owner, number, released, text: body.toString('utf8'), length: end - at }
}
