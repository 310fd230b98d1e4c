import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cliPage, outputSchemas } from './reference.ts'

/** Writes the reference of the command line; with --check only says what is stale, and fails. */
const REFERENCE = join(import.meta.dirname, '../../docs/reference')

const files: readonly (readonly [string, string])[] = [
  ['cli.md', await cliPage()],
  ['cli-output.gen.json', await outputSchemas()],
]
const stale = files.filter(([file, text]) => {
  const path = join(REFERENCE, file)
  return !existsSync(path) || readFileSync(path, 'utf8') !== text
})
const { check } = parseArgs({ options: { check: { type: 'boolean' } } }).values
if (check === true) {
  if (stale.length > 0) {
    console.error(`stale: ${stale.map(([file]) => `docs/reference/${file}`).join(', ')}`)
    process.exit(1)
  }
} else for (const [file, text] of stale) writeFileSync(join(REFERENCE, file), text)
