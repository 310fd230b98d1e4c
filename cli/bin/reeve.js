#!/usr/bin/env node
// Plain JavaScript, so that an older Node gets one clear line and not a syntax error.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `reeve needs Node.js 24 or newer, and this is ${process.versions.node}: install a newer one, or run \`npm run reeve --\` in the repository, which brings its own`,
  )
  process.exit(1)
}
const { main } = await import('../src/main.ts')
process.exitCode = await main()
