import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { everyFault, everyOperation } from './catalogue.ts'
import { openApi } from './edge/http/openapi.ts'
import { parsedBuiltins } from './policy/index.ts'
import { operationsSource, operationTypesSource } from './reference/client-source.ts'
import { commandOperations, commandOutputs } from './reference/command-operations.ts'
import { directorySchemas, directorySchemasTogether } from './reference/directory-schemas.ts'
import { lintIndex, lintPages } from './reference/lint-pages.ts'
import { errorIndex, errorPage, operationsPage } from './reference/pages.ts'
import { ruleIndex, rulePages } from './reference/rule-pages.ts'
import { sourceTable } from './reference/source-table.ts'
import { VERSION } from './version.ts'

/** Writes what is derived from the operations and faults; with --check only says what is stale, and fails. */
const ROOT = join(import.meta.dirname, '../..')
const ERRORS = 'docs/reference/errors'
const LINTS = 'docs/reference/lints'
const RULES = 'docs/reference/rules'
const SCHEMAS = 'docs/reference/schema'

const operations = everyOperation()
const files = new Map<string, string>([
  ['server/src/policy/builtin.gen.json', `${JSON.stringify(parsedBuiltins())}\n`],
  ['sdk/src/client/operations.gen.ts', operationsSource(operations)],
  ['sdk/src/client/operation-types.gen.ts', operationTypesSource(operations)],
  ['cli/src/operations.gen.json', commandOperations(operations)],
  ['cli/src/outputs.gen.json', commandOutputs(operations)],
  ['cli/src/directory-schemas.gen.json', directorySchemasTogether()],
  ['docs/reference/openapi.gen.json', `${JSON.stringify(openApi(operations, everyFault, VERSION), null, 1)}\n`],
  ['docs/reference/operations.md', operationsPage(operations)],
  ['docs/reference/errors.md', errorIndex(everyFault)],
  ['docs/reference/lints.md', lintIndex()],
  ['docs/reference/sources.md', sourceTable()],
  ['docs/reference/rules.md', ruleIndex()],
  ...Array.from(rulePages(), ([file, text]): [string, string] => [`${RULES}/${file}`, text]),
  ...Array.from(lintPages(), ([file, text]): [string, string] => [`${LINTS}/${file}`, text]),
  ...Array.from(directorySchemas(), ([file, text]): [string, string] => [`${SCHEMAS}/${file}`, text]),
  ...Object.entries(everyFault).map(([code, spec]): [string, string] => [
    `${ERRORS}/${code}.md`,
    errorPage(code, spec, operations),
  ]),
])

const read = (file: string): string | undefined =>
  existsSync(join(ROOT, file)) ? readFileSync(join(ROOT, file), 'utf8') : undefined
const stale = [...files].filter(([file, text]) => read(file) !== text).map(([file]) => file)
const pages = [ERRORS, LINTS, RULES, SCHEMAS].flatMap((folder) =>
  existsSync(join(ROOT, folder)) ? readdirSync(join(ROOT, folder)).map((file) => `${folder}/${file}`) : [],
)
const orphans = pages.filter((file) => !files.has(file))

if (process.argv.includes('--check')) {
  const wrong = [...stale, ...orphans]
  if (wrong.length > 0) {
    console.error(`stale: ${wrong.join(', ')}\nrun npm run generate and commit what it writes`)
    process.exit(1)
  }
} else {
  for (const file of stale) {
    mkdirSync(dirname(join(ROOT, file)), { recursive: true })
    writeFileSync(join(ROOT, file), files.get(file) ?? '')
  }
  for (const file of orphans) rmSync(join(ROOT, file))
  console.log(`${stale.length} files written, ${orphans.length} removed`)
}

// The CLI writes its own pages: they are its help, made from the files above.
const cli = spawnSync(process.execPath, [join(ROOT, 'cli/src/generate.ts'), ...process.argv.slice(2)], {
  stdio: 'inherit',
})
process.exitCode = cli.status ?? 1
