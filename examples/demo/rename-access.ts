import { cpSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The names that the story uses. */
export interface AccessNames {
  readonly team: string
  readonly api: string
  readonly bot: string
  readonly read: string
  readonly export: string
  readonly audience: string
}

/** The names in examples/access. */
export const FIXED_ACCESS: AccessNames = {
  team: 'commerce',
  api: 'orders-api',
  bot: 'orders-sync',
  read: 'orders.read',
  export: 'orders.export',
  audience: 'https://orders.acme.example/',
}

/** Copies examples/access with other names: the same access for another company. */
export const renameAccess = (from: string, into: string, word: string, team: string): AccessNames => {
  const rename = (text: string): string => text.replaceAll('orders', word).replaceAll('commerce', team)
  cpSync(from, into, { recursive: true })
  for (const path of readdirSync(into, { recursive: true, withFileTypes: true })) {
    if (!path.isFile()) continue
    const file = join(path.parentPath, path.name)
    writeFileSync(file, rename(readFileSync(file, 'utf8')))
    renameSync(file, join(dirname(file), rename(path.name)))
  }
  return {
    team,
    api: `${word}-api`,
    bot: `${word}-sync`,
    read: `${word}.read`,
    export: `${word}.export`,
    audience: `https://${word}.acme.example/`,
  }
}
