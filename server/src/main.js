import module from 'node:module'
import { join } from 'node:path'

// Plain JavaScript: an older Node gets one clear line and not a syntax error, and Node does not load what strips types,
// 14 MB that stay for good, before it is told where the stripped sources are kept.
if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `reeve: the server needs Node.js 24 or newer, this is ${process.versions.node}. On Linux, start it by \`npm start\` after \`npm ci\`, which brings its own.`,
  )
  process.exit(1)
}

// Stripping the types of several hundred files is most of a start's work. Node keeps what it made of them beside the
// packages, which only those may write who may write this code; where nobody may, it starts without.
module.enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/reeve'))

const { start } = await import('./start.ts')
await start({ environment: process.env, words: process.argv })
module.flushCompileCache()
