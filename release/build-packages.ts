import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')

/** The folders of what others install. */
export const PACKAGES = ['cedar', 'scan', 'sdk', 'cli'] as const

/**
 * Makes what is published, a folder for each package: JavaScript and types, because Node strips no types below
 * `node_modules`, so that the sources that run here as they are would not run where they are installed.
 */
export const buildPackages = (target: string): void => {
  rmSync(target, { recursive: true, force: true })
  // Every source is named as a root: what the compiler finds by way of another package first, it takes for that of others, and
  // now and then writes no file for it.
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [compiler, '-p', join(ROOT, 'release/tsconfig.json'), '--outDir', target], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  for (const name of PACKAGES) complete(join(ROOT, name), join(target, name))
}

/** What the compiler leaves out. */
const complete = (source: string, target: string): void => {
  writeFileSync(join(target, 'package.json'), publishedManifest(readFileSync(join(source, 'package.json'), 'utf8')))
  copyFileSync(join(ROOT, 'LICENSE'), join(target, 'LICENSE'))
  copyFileSync(join(source, 'README.md'), join(target, 'README.md'))
  if (existsSync(join(source, 'schema'))) cpSync(join(source, 'schema'), join(target, 'schema'), { recursive: true })
  for (const file of globSync('src/**/*.json', { cwd: source })) copyFileSync(join(source, file), join(target, file))
}

/** The manifest of a workspace as installers must see it. `private` keeps the sources themselves from being published. */
const publishedManifest = (text: string): string => {
  const compiled = text.replaceAll(/"(\.\/src\/[\w/-]+)\.ts"/g, '{ "types": "$1.d.ts", "default": "$1.js" }')
  const { private: _isPrivate, devDependencies: _forTests, ...published } = JSON.parse(compiled)
  return `${JSON.stringify(published, null, 2)}\n`
}
