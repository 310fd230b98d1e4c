import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { processSurroundings, type Surroundings } from '../src/surroundings.ts'

/** Surroundings with a folder of their own, whose output is kept. */
export const fakeSurroundings = (own: Partial<Surroundings> = {}) => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-around-'))
  const said = { out: '', err: '' }
  const around: Surroundings = {
    ...processSurroundings(),
    out: (text) => {
      said.out += text
    },
    err: (text) => {
      said.err += text
    },
    isOutTty: false,
    isErrTty: false,
    columns: Number.POSITIVE_INFINITY,
    mayColour: false,
    configFolder: join(folder, 'config'),
    serverUrl: undefined,
    sessionFile: undefined,
    runtimeFolder: folder,
    ci: { commit: undefined, author: undefined },
    now: () => new Date('2026-11-01T12:00:00Z'),
    ...own,
  }
  return { around, said, folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
