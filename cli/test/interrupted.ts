import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ROOT, type Running } from './reeve-process.ts'

/** Interrupts a command after the first that it prints, and returns its exit code. */
export const interrupted = ({ folder, server }: Running, args: readonly string[]): Promise<number | null> =>
  new Promise((resolve) => {
    const { PATH = '' } = process.env
    const child = spawn(process.execPath, [join(ROOT, 'cli/bin/reeve.js'), ...args], {
      env: { PATH, REEVE_CONFIG: join(folder, 'config'), REEVE_SERVER: server.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    child.stdout.once('data', () => child.kill('SIGINT'))
    child.once('close', (code) => resolve(code))
  })
