/** What is looked into. */
export type ArchiveKind = 'zip' | 'gzip' | 'tar'

/** Whether the first bytes of a file are those of an archive that is looked into: whatever it is called, `.jar` or `.whl` say. */
export const archiveKindOf = (start: Buffer): ArchiveKind | undefined => {
  const first = start[0]
  if (first === 0x50 && (isAt(start, 0, 'PK\x03\x04') || isAt(start, 0, 'PK\x05\x06'))) return 'zip'
  if (first === 0x1f && start[1] === 0x8b && start[2] === 8) return 'gzip'
  return start[TAR_MARK_AT] === 0x75 && isAt(start, TAR_MARK_AT, 'ustar') ? 'tar' : undefined
}

/** The name of an archive that is known and not looked into. */
export const unreadArchiveOf = (start: Buffer): string | undefined => UNREAD.find(([mark]) => isAt(start, 0, mark))?.[1]

/** How much of a file tells. */
export const START_BYTES = 512

const TAR_MARK_AT = 257

const UNREAD: readonly (readonly [string, string])[] = [
  ['BZh', 'bzip2'],
  ['\xfd7zXZ\x00', 'xz'],
  ['\x28\xb5\x2f\xfd', 'zstd'],
  ['7z\xbc\xaf\x27\x1c', '7z'],
  ['Rar!\x1a\x07', 'rar'],
]

const isAt = (bytes: Buffer, at: number, mark: string): boolean =>
  bytes.length >= at + mark.length && bytes.toString('latin1', at, at + mark.length) === mark
