import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { processorSeconds } from './processor-seconds.js'

const ROOT = new URL('..', import.meta.url).pathname

/**
 * Runs the tests of files in this process, file by file, until each file of the list was taken by one of the processes
 * that share it. A process that is run once more, under its name, takes what it had taken.
 */
export const runShared = async (list, name) => {
  let goOn = () => undefined
  for (const [at, file] of JSON.parse(readFileSync(list, 'utf8')).entries()) {
    if (taken(`${list}.${at}`, name) !== name) continue
    const before = surroundings()
    const from = processorSeconds()
    running = file
    // Its tests wait for the last one of the file before: a module has to be whole before a test of it begins.
    const failed = await import(pathToFileURL(file).href).then(
      () => [],
      (error) => [error],
    )
    goOn()
    const over = Promise.withResolvers()
    const next = Promise.withResolvers()
    // Tests of a process run one after the other: when this one runs, those of the file are over.
    test(`${relative(ROOT, file)} leaves its process as it was`, async () => {
      over.resolve()
      writeFileSync(`${list}.${at}.took`, String(processorSeconds() - from))
      try {
        for (const error of failed) throw error
        assert.deepEqual(surroundings(), before)
      } finally {
        await next.promise
      }
    })
    await over.promise
    goOn = next.resolve
  }
  goOn()
  // What a test left open would hold the process, and the run with it, until its time is up.
  setTimeout(() => {
    console.error(
      `\nthe tests of ${name} are over, and these are still open:`,
      process.getActiveResourcesInfo().join(', '),
    )
    process.emit('exit', 1)
    process.reallyExit(1)
  }, LEFT_OPEN_MS).unref()
}

const LEFT_OPEN_MS = 30_000

// Nobody knows which test it was of, and that one may wait for ever.
for (const event of ['uncaughtException', 'unhandledRejection'])
  process.on(event, (error) => {
    console.error(`\nnothing waited for this error, while the tests of ${relative(ROOT, running)} ran:`, error)
    // What tests started ends with this process.
    process.emit('exit', 1)
    process.reallyExit(1)
  })
let running = ROOT

// Whoever makes the file has it.
const taken = (claim, name) => {
  try {
    writeFileSync(claim, name, { flag: 'wx' })
    return name
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return readFileSync(claim, 'utf8')
  }
}

const surroundings = () => ({ folder: process.cwd(), environment: { ...process.env } })
