import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { ServerProcess } from '../process.ts'

/** A server that has just become ready: after how long, and after how much processor time of all its threads. */
export interface Start {
  readonly server: ServerProcess
  readonly readyMs: number
  readonly cpuMs: number
}

export const startOf = async (start: () => Promise<ServerProcess>): Promise<Start> => {
  const begun = performance.now()
  const server = await start()
  return { server, readyMs: performance.now() - begun, cpuMs: processorMsOf(server.pid) }
}

/** What a program of nothing takes to start, do it and end, on average. */
export const bareStart = (): { readonly ms: number; readonly cpuMs: number } => {
  const before = childrensMs()
  const begun = performance.now()
  // Several, as processor time is counted in ticks of 10 ms.
  for (let at = 0; at < BARE_STARTS; at++) spawnSync(process.execPath, ['-e', '0'])
  return { ms: (performance.now() - begun) / BARE_STARTS, cpuMs: (childrensMs() - before) / BARE_STARTS }
}

const BARE_STARTS = 5

/** Its memory once two readings differ by less than one, or the last of many: then what a start leaves to do is done. */
export const settledMb = async ({ pid, url }: ServerProcess): Promise<number> => {
  let before = residentMb(pid)
  for (let reading = 0; reading < READINGS_MAX; reading++) {
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS))
    // On a crowded machine a process that got no turn has the same memory as well.
    await (await fetch(`${url}/livez`)).text()
    const now = residentMb(pid)
    const isSettled = Math.abs(now - before) < 1
    before = now
    if (isSettled) break
  }
  return before
}

const READINGS_MAX = 10
const BETWEEN_MS = 500

const residentMb = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

const TICK_MS = 10
const OWN = 11
const CHILDRENS = 13

const processorMsOf = (pid: number): number => ticksOf(String(pid), OWN) * TICK_MS

/** Of the children of this process that ended and were waited for. */
const childrensMs = (): number => ticksOf('self', CHILDRENS) * TICK_MS

/** User and system time, from the field `at` on (proc_pid_stat(5), counted behind the name). */
const ticksOf = (process: string, at: number): number => {
  const fields = readFileSync(`/proc/${process}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return Number(fields[at]) + Number(fields[at + 1])
}
