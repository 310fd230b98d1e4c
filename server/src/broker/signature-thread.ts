import { Worker } from 'node:worker_threads'
import { type BoundKey, hasItsLength, isSigned, signsFast, signText, type VerifyAlgorithm } from './signature.ts'

/** Where many ask at once, signatures are made and checked on another thread; where few do, here. */
export interface SignatureThread {
  /** The signature in base64url. */
  sign(bound: BoundKey, text: string): Promise<string>
  /** Whether this text was signed by this key. */
  isSigned(bound: BoundKey<VerifyAlgorithm>, text: string, signature: Uint8Array): Promise<boolean>
}

interface Job {
  readonly bound: BoundKey<VerifyAlgorithm>
  readonly text: string
  /** What is to be checked, in base64url; undefined where one is to be made. */
  readonly signature: string | undefined
}

type Answer = string | boolean | undefined

interface Waiting {
  readonly job: Job
  /** Does it on this thread. */
  here(): void
  answered(answer: Answer): void
}

// A message costs about as much as one signature.
const TOGETHER_MIN = 4
// All of a turn in one message: a message costs some 50 us on each side (woken, copied, answered), whatever is in it.
const MESSAGE_MAX = 64
// When this many wait for the other thread, the rest is done here: both work, and nobody waits for a thread that gets no processor.
const ASKED_MAX = 192
const HEAP_MB_MAX = 32

/** Makes one. Its thread is started when it is needed first, and keeps no process alive. */
export const createSignatureThread = (start: () => Worker): SignatureThread => {
  let gathered: Waiting[] = []
  let worker: Worker | undefined
  let isBroken = false
  let asked: (readonly Waiting[])[] = []
  let askedCount = 0

  /** Whatever it was asked and has not answered is done here, and nothing is asked of it again. */
  const giveUp = (): void => {
    isBroken = true
    const left = asked.flat()
    asked = []
    askedCount = 0
    for (const { here } of left) here()
  }

  /** INVARIANT: it answers message by message, in order, and in each job by job. */
  const hear = (answers: readonly Answer[]): void => {
    const jobs = asked.shift() ?? []
    askedCount -= jobs.length
    for (const [at, { answered }] of jobs.entries()) answered(answers[at])
  }

  const started = (): Worker => {
    if (worker !== undefined) return worker
    worker = start()
    worker.on('message', hear)
    worker.on('error', giveUp)
    worker.on('exit', giveUp)
    // After the listeners: to listen keeps the process alive.
    worker.unref()
    return worker
  }

  /** Hands over what was gathered in this turn of the event loop. */
  const flush = (): void => {
    const jobs = gathered
    gathered = []
    const room = isBroken || jobs.length < TOGETHER_MIN ? 0 : Math.max(0, ASKED_MAX - askedCount)
    for (let at = 0; at < Math.min(room, jobs.length); at += MESSAGE_MAX) {
      const message = jobs.slice(at, Math.min(at + MESSAGE_MAX, room))
      asked.push(message)
      askedCount += message.length
      tell(message)
    }
    for (const { here } of jobs.slice(room)) here()
  }

  const tell = (message: readonly Waiting[]): void => {
    try {
      if (isBroken) throw new Error('there is no thread')
      started().postMessage(message.map(({ job }) => job))
    } catch {
      // No thread can be had here: all of it is done as if there were none.
      giveUp()
    }
  }

  const gather = (waiting: Waiting): void => {
    if (gathered.length === 0) setImmediate(flush)
    gathered.push(waiting)
  }

  return {
    sign: (bound, text) => {
      const signHere = async () => (await signText(bound, text)).toString('base64url')
      if (!signsFast(bound)) return signHere()
      return new Promise((resolve, reject) => {
        const here = () => void signHere().then(resolve, reject)
        // What failed there fails here, with its reason.
        const answered = (answer: Answer) => (typeof answer === 'string' ? resolve(answer) : here())
        gather({ job: { bound, text, signature: undefined }, here, answered })
      })
    },
    isSigned: async (bound, text, signature) => {
      if (!hasItsLength(bound, signature)) return false
      return new Promise((resolve) =>
        gather({
          job: { bound, text, signature: Buffer.from(signature).toString('base64url') },
          here: () => resolve(isSigned(bound, text, signature)),
          answered: (answer) => resolve(answer === true),
        }),
      )
    },
  }
}

/** That of this process: it keeps nothing of whoever asks. */
export const signatures: SignatureThread = createSignatureThread(() => startWorker())

const startWorker = (): Worker =>
  new Worker(new URL('./signature-program.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
    env: {},
    stdout: true,
    stderr: true,
  })
