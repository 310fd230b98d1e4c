import { join } from 'node:path'
import { buildPackages, PACKAGES } from './build-packages.ts'

/** Writes the packages to `dist/`, from where they are published. */
const target = join(import.meta.dirname, '../dist')
buildPackages(target)
console.log(`${PACKAGES.map((name) => `dist/${name}`).join(' ')} are ready: npm publish ./dist/NAME --access public`)
