import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from './config.ts'
import { openDatabase } from './kit/database.ts'
import { takeFolder } from './kit/lock.ts'
import { startSentence } from './start-sentence.ts'

const CASES: Readonly<Record<string, { readonly start: (folder: string) => unknown; readonly says: RegExp }>> = {
  'a setting that is wrong': {
    start: (folder) => readConfig({ REEVE_DATA: folder, REEVE_PORT: 'high' }),
    says: /^reeve: setting REEVE_PORT: /,
  },
  'a database that is none': {
    start: (folder) => {
      writeFileSync(join(folder, 'reeve.db'), 'x'.repeat(8192))
      return openDatabase({ sqliteFile: join(folder, 'reeve.db') })
    },
    says: /^reeve: the database in the data folder .* damaged: file is not a database; put a backup in its place/,
  },
  'a lock that is none': {
    start: (folder) => {
      writeFileSync(join(folder, 'lock'), 'x'.repeat(8192))
      return takeFolder(folder, 1)
    },
    says: /^reeve: the data folder .* cannot be used \(file is not a database\)/,
  },
  'a lock that cannot be opened': {
    start: (folder) => {
      mkdirSync(join(folder, 'lock'))
      return takeFolder(folder, 1)
    },
    says: /^reeve: the data folder .* cannot be used \(unable to open database file\)/,
  },
}

for (const [what, { start, says }] of Object.entries(CASES))
  test(`a start with ${what} ends with a sentence that says what to do`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'reeve-start-'))
    try {
      assert.match(
        sentenceOf(() => start(folder)),
        says,
      )
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

test('a fault of ours at the start keeps its stack', () => {
  assert.equal(startSentence(new TypeError('not a function')), undefined)
})

const sentenceOf = (start: () => unknown): string => {
  try {
    start()
  } catch (error) {
    return startSentence(error) ?? `no sentence: ${error}`
  }
  return 'it started'
}
