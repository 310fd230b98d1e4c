#!/usr/bin/env node
import module from 'node:module'

// Plain JavaScript, so that an older Node gets one clear line and not a syntax error.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `reeve needs Node.js 24 or newer, and this is ${process.versions.node}: install a newer one, or run \`npm run reeve --\` in the repository, which brings its own`,
  )
  process.exit(1)
}
// What was compiled is kept for the next time: half of a short command's time is the compiling of its sources. In the
// user's own folder, because what lies in a shared one might have been put there by somebody else.
const { XDG_CACHE_HOME, HOME } = process.env
const cache = XDG_CACHE_HOME || (HOME ? `${HOME}/.cache` : '')
if (cache !== '') module.enableCompileCache(`${cache}/reeve`)
const { main } = await import('../src/main.ts')
process.exitCode = await main()
