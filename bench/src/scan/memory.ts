import { scan, sources } from '@reeve/scan'

// A process of its own that only scans, so that its memory is that of a scan. Told: the folder.

const [folder = ''] = process.argv.slice(2)
const startedAtMs = performance.now()
const report = await scan([folder], {
  salt: 'a salt for the bench only',
  now: new Date('2026-11-27T00:00:00Z'),
  sources: sources.filter(({ name }) => name === 'secrets'),
})
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
console.log(
  JSON.stringify({
    bytes: report.counts.bytes,
    seconds: (performance.now() - startedAtMs) / 1000,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakMb: Math.round(maxRSS / 1024),
    sightings: report.sightings.length,
  }),
)
