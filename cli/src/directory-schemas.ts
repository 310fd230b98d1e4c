import { readFileSync } from 'node:fs'

const FOLDER = '.schema'

/** The line by which an editor finds the schema of a file of this kind; `depth` is how many folders it stands below the directory's. */
export const schemaLine = (kind: string, depth: 0 | 1): string =>
  ` yaml-language-server: $schema=${'../'.repeat(depth)}${FOLDER}/${kind}.schema.json`

/** The JSON Schemas of a directory's files, by the paths at which its files name them: no server and no network is asked. */
export const schemaFiles = (): ReadonlyMap<string, string> => {
  const text = readFileSync(new URL('./directory-schemas.gen.json', import.meta.url), 'utf8')
  return new Map(
    Object.entries<unknown>(Object(JSON.parse(text))).map(([kind, schema]) => [
      `${FOLDER}/${kind}.schema.json`,
      `${JSON.stringify(schema, null, 1)}\n`,
    ]),
  )
}
