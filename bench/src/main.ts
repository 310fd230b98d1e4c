import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

// `npm run bench -- NAME [flags]`: every bench is a process of its own, and its last line is its figures as JSON.

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts' && !file.includes('.test.'))
  .map((file) => file.slice(0, -'.ts'.length))
  .toSorted()

const [name, ...flags] = process.argv.slice(2)
const file = join(import.meta.dirname, `${name}.ts`)

if (name === undefined || !names.includes(name)) {
  console.error(
    [
      name === undefined ? 'which bench?' : `there is no bench ${name}`,
      '  npm run bench -- NAME [--seconds N]',
      `names: ${names.join(', ')}`,
    ].join('\n'),
  )
  process.exitCode = 2
} else {
  const bench = spawn(process.execPath, [file, ...flags], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => bench.kill(signal))
  bench.on('error', (error) => {
    console.error(error.message)
    process.exitCode = 1
  })
  // Ended by a signal, it has no code of its own.
  bench.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
}
