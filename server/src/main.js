import module from 'node:module'

// Plain JavaScript: an older Node gets one clear line and not a syntax error, and Node does not load what strips types,
// 14 MB that stay for good, before it is told where the stripped sources are kept.
if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `reeve: the server needs Node.js 24 or newer, this is ${process.versions.node}. On Linux, start it by \`npm start\` after \`npm ci\`, which brings its own.`,
  )
  process.exit(1)
}

// Stripping the types of several hundred files, finding and compiling them is most of a start's work, so what was made of
// them is kept; where nobody may, it starts without.
const { KEPT, startOfServer } = await import('./packed.js')
module.enableCompileCache(KEPT)
const start = await startOfServer()
// What was read of the cache is let go before the start, which then uses that memory; the second time is for what the
// start itself loaded.
module.flushCompileCache()
await start({ environment: process.env, words: process.argv })
module.flushCompileCache()
