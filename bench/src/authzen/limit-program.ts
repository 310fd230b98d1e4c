import { serveLimit } from './serve-limit.ts'

// The limit: nothing is recorded.

serveLimit((_asked, _decision, leave) => leave())
