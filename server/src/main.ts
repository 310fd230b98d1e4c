import { enableCompileCache, flushCompileCache } from 'node:module'
import { join } from 'node:path'

// Stripping the types of several hundred files is most of a start's work. Node keeps what it made of them beside the
// packages, which only those may write who may write this code; where nobody may, it starts without.
enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/reeve'))

const { start } = await import('./start.ts')
await start({ environment: process.env, words: process.argv })
flushCompileCache()
