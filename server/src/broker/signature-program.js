import { sign, verify } from 'node:crypto'
import { parentPort } from 'node:worker_threads'

// Plain JavaScript: a thread that strips types holds 14 MB for it.

/** What came of a job: a signature, or whether one is right; undefined where the key does not do it. */
const done = ({ bound, text, signature }) => {
  const bytes = Buffer.from(text, 'latin1')
  try {
    if (signature === undefined) return sign(bound.hash, bytes, bound.options).toString('base64url')
    return verify(bound.hash, bytes, bound.options, Buffer.from(signature, 'base64url'))
  } catch {
    return undefined
  }
}

parentPort?.on('message', (jobs) => parentPort?.postMessage(jobs.map(done)))
