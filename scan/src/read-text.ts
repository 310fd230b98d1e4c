import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { archiveKindOf, START_BYTES, unreadArchiveOf } from './archive/archive-kind.ts'
import { isBinary } from './file.ts'
import type { Problem, ProblemReason } from './report.ts'
import { reasonOf } from './system-error.ts'

/** The bytes of a text file, that it is an archive, or why they could not be had. The bytes are good until the next call. */
export type ReadText = (at: { readonly path: string; readonly real: string }) => Buffer | 'archive' | Problem

/**
 * Reads files one after the other into one place in memory, which grows to the largest of them.
 * Synchronous: most files are so small that the way to the thread pool and back, four times, took longer than the rest.
 */
export const textReader = (fileBytesMax: number): ReadText => {
  let room = Buffer.allocUnsafeSlow(ROOM_BYTES)
  // The size that stat tells may be a lie (/proc says 0) or change while reading: read until the end or the limit.
  const readAll = (opened: number, size: number): number => {
    if (size >= room.length) room = Buffer.allocUnsafeSlow(size + 1)
    for (let length = 0; ; ) {
      const bytesRead = readSync(opened, room, length, room.length - length, null)
      length += bytesRead
      // There was room for one more byte than the system told: so this is the end.
      const isEnd = bytesRead === 0 || (length === size && length > 0)
      if (isEnd || length > fileBytesMax) return length
      if (length === room.length) room = Buffer.concat([room, Buffer.allocUnsafe(length)])
    }
  }
  const read = (at: { path: string; real: string }): Buffer | 'archive' | Problem => {
    // Between the listing and here the file may have become a link or a pipe: neither is followed or waited for.
    const opened = openSync(at.real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stats = fstatSync(opened)
      if (!stats.isFile()) return problem(at.path, 'not-a-file', 'it stopped being a file while the scan ran')
      if (stats.size > fileBytesMax) {
        // An archive is never in memory as a whole: what is in it has a limit of its own.
        const start = room.subarray(0, readSync(opened, room, 0, START_BYTES, 0))
        if (archiveKindOf(start)) return 'archive'
        return problem(at.path, 'too-large', `${stats.size} bytes, more than the limit of ${fileBytesMax}`)
      }
      const length = readAll(opened, stats.size)
      if (length > fileBytesMax) return problem(at.path, 'too-large', `grew past the limit of ${fileBytesMax} bytes`)
      const bytes = room.subarray(0, length)
      if (archiveKindOf(bytes)) return 'archive'
      if (!isBinary(bytes)) return bytes
      const other = unreadArchiveOf(bytes)
      return problem(
        at.path,
        'binary',
        other ? `an archive of ${other}: not looked into` : `${length} bytes that are no text`,
      )
    } finally {
      closeSync(opened)
    }
  }
  return (at) => {
    try {
      return read(at)
    } catch (error) {
      return problem(at.path, ...reasonOf(error))
    }
  }
}

const ROOM_BYTES = 1 << 18

const problem = (path: string, reason: ProblemReason, detail: string): Problem => ({ path, reason, detail })
