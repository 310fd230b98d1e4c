import { readdirSync, readFileSync, renameSync } from 'node:fs'
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../make-folder.ts'
import { systemRandom } from '../random.ts'
import { reportsPerBatchMax } from '../wire.ts'
import { lockFolder } from './folder-lock.ts'
import type { ReportBatch, ReportBuffer } from './report-buffer.ts'
import { readReports } from './report-lines.ts'

/**
 * A buffer in a folder of its own, for Node: what it holds outlives a crash. Reports are appended to one open file,
 * which is synced and renamed to its idempotency key when it is full or asked for, and deleted when it was accepted.
 *
 * @example
 * createVerifier({ issuer, audience, reportAs, reportBuffer: createFileBuffer({ folder: '/var/lib/orders/reports' }) })
 */
export const createFileBuffer = ({
  folder,
  id = systemRandom.id,
  batchesMax = 1_000,
}: {
  folder: string
  id?: () => string
  batchesMax?: number
}): ReportBuffer => {
  makeFolder(folder)
  const unlock = lockFolder(folder)
  const batches = findBatches(folder, id)
  let number = (batches.at(-1)?.number ?? 0) + 1
  let lines: string[] = []
  let file: FileHandle | undefined
  let fileReports = 0
  let dropped = 0
  let working: Promise<void> = Promise.resolve()
  let isQueued = false

  /** One step at a time; a disk that fails costs the reports of that step, and nobody waits for it. */
  const inOrder = <T>(step: () => Promise<T>): Promise<T> => {
    const done = working.then(step)
    working = done.then(
      () => {},
      () => {},
    )
    return done
  }

  const append = async (some: readonly string[]): Promise<void> => {
    try {
      file ??= await open(join(folder, openName), 'a', 0o600)
      // A break on either side: whatever stands before or comes after, cut short by a full disk, spoils only itself.
      await file.appendFile(`\n${some.join('\n')}\n`)
      fileReports += some.length
    } catch {
      dropped += some.length
    }
  }

  const rotate = async (): Promise<void> => {
    if (file === undefined || fileReports === 0) return
    const batch = { number, key: id(), count: fileReports }
    await file.sync()
    await file.close()
    file = undefined
    fileReports = 0
    await rename(join(folder, openName), join(folder, nameOf(batch)))
    await syncFolder(folder)
    number += 1
    batches.push(batch)
    // The oldest goes, but not the one that may be on its way.
    if (batches.length > batchesMax) await forget(batches[1])
  }

  const forget = async (batch: StoredBatch | undefined, isLost = true): Promise<void> => {
    if (batch === undefined) return
    batches.splice(batches.indexOf(batch), 1)
    if (isLost) dropped += batch.count
    await rm(join(folder, nameOf(batch)), { force: true })
  }

  const write = async (): Promise<void> => {
    isQueued = false
    while (lines.length > 0) {
      await append(lines.splice(0, reportsPerBatchMax - fileReports))
      if (fileReports >= reportsPerBatchMax) await rotate()
    }
  }

  const next = async (): Promise<ReportBatch | undefined> => {
    await write()
    if (batches.length === 0) await rotate()
    for (let batch = batches[0]; batch !== undefined; batch = batches[0]) {
      const reports = readReports(await readFile(join(folder, nameOf(batch)), 'utf8').catch(() => ''))
      if (reports.length > 0) return { key: batch.key, reports }
      await forget(batch)
    }
    return undefined
  }

  return {
    add: (report) => {
      lines.push(JSON.stringify(report))
      if (lines.length > linesMax) {
        dropped += lines.length - linesMax / 2
        lines = lines.slice(-linesMax / 2)
      }
      if (isQueued) return
      isQueued = true
      inOrder(write).catch(() => {})
    },
    next: () => inOrder(next),
    settle: (key) =>
      inOrder(() =>
        forget(
          batches.find((batch) => batch.key === key),
          false,
        ),
      ),
    get held() {
      return lines.length + fileReports + batches.reduce((sum, { count }) => sum + count, 0)
    },
    get dropped() {
      return dropped
    },
    close: async () => {
      await inOrder(write).catch(() => {})
      await inOrder(rotate).catch(() => {})
      await file?.close()
      unlock()
    },
  }
}

const openName = 'open.ndjson'
// What may wait in memory for a slow disk.
const linesMax = 20_000

interface StoredBatch {
  readonly number: number
  readonly key: string
  readonly count: number
}

const nameOf = ({ number, count, key }: StoredBatch): string =>
  `batch-${String(number).padStart(12, '0')}-${count}-${key}.ndjson`

/** What an earlier process left: its batches under their keys, and its open file as one more. */
const findBatches = (folder: string, id: () => string): StoredBatch[] => {
  const names = readdirSync(folder)
  const found = names
    .map((name) => /^batch-(\d{12})-(\d+)-([\w-]{1,100})\.ndjson$/.exec(name))
    .flatMap((match) => (match === null ? [] : [toBatch(match)]))
    .sort((a, b) => a.number - b.number)
  if (!names.includes(openName)) return found
  const { length: count } = readReports(readFileSync(join(folder, openName), 'utf8'))
  const left = { number: (found.at(-1)?.number ?? 0) + 1, key: id(), count }
  renameSync(join(folder, openName), join(folder, nameOf(left)))
  return [...found, left]
}

const toBatch = ([, number = '', count = '', key = '']: readonly string[]): StoredBatch => ({
  number: Number(number),
  count: Number(count),
  key,
})

/** The new name is durable only when the folder is. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}
