import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'

// A program that makes the file it is given: one of all modules that a start needs. packed.js says when and why.

const ROOT = join(import.meta.dirname, '../..')
const KEPT_MS = 3_600_000

const pack = async (file) => {
  const packed = await rolldown({
    input: join(ROOT, 'server/src/start.ts'),
    platform: 'node',
    external: LOADED_LATER,
    plugins: [whereItWas],
    logLevel: 'silent',
  })
  const { output } = await packed.generate({ format: 'esm', codeSplitting: false, sourcemap: 'hidden' })
  await packed.close()
  const [{ code, map }] = output
  mkdirSync(dirname(file), { recursive: true })
  // Two that start at once both write it, and whoever reads it reads a whole one, also after a power cut.
  const own = mkdtempSync(`${file}.`)
  for (const [name, text] of [
    [`${file}.map`, map.toString()],
    [file, `${code}\n//# sourceMappingURL=${basename(file)}.map\n`],
  ]) {
    writeFileSync(join(own, basename(name)), text, { flush: true })
    renameSync(join(own, basename(name)), name)
  }
  rmSync(own, { recursive: true })
  removeOld(file)
}

// With PostgreSQL, for policies that somebody wrote, for certificates that a CA issued, for a key or an account at AWS: none belongs in
// every start.
const LOADED_LATER = [
  'pg',
  '@cedar-policy/cedar-wasm',
  '@peculiar/asn1-schema',
  '@peculiar/asn1-x509',
  '@aws-sdk/client-kms',
  '@aws-sdk/client-iam',
]

/** Modules that open a file beside themselves find it where they came from. */
const whereItWas = {
  name: 'where-it-was',
  transform: {
    filter: { code: 'import.meta.' },
    handler: (code, id) =>
      code
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(id))),
  },
}

/** Another server may be about to read the one before this; of an hour ago nobody is. */
const removeOld = (file) => {
  const made = statSync(file).mtimeMs
  for (const name of readdirSync(dirname(file))) {
    const other = join(dirname(file), name)
    if (name.startsWith('server-') && made - statSync(other).mtimeMs > KEPT_MS)
      rmSync(other, { force: true, recursive: true })
  }
}

await pack(process.argv[2])
