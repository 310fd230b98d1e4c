import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A child process and the first line of its output that was waited for. */
export interface Started {
  readonly child: ChildProcess
  readonly line: string
}

/** Starts a program and waits for a line on stdout or stderr that matches; rejects when it ends before. */
export const startAndWait = (
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  pattern: RegExp,
): Promise<Started> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const seen: string[] = []
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        seen.push(line)
        if (pattern.test(line)) resolve({ child, line })
      })
    child.once('exit', (code) => reject(new Error(`${args[0]} ended with ${code}:\n${seen.join('\n')}`)))
  })

/** Ends a child and waits until it is gone. */
export const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

/** Runs a program to its end: what it wrote as data, and all that it wrote, in order. */
export const run = (
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly code: number; readonly out: string; readonly all: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    let all = ''
    child.stdout.on('data', (piece) => {
      out += String(piece)
      all += String(piece)
    })
    child.stderr.on('data', (piece) => {
      all += String(piece)
    })
    child.once('close', (code) => resolve({ code: code ?? 1, out, all }))
  })
