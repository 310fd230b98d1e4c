import { quantile } from '../../../server/test/quantile.ts'

const WIDTH = 640
const HEIGHT = 320
const LEFT = 56
const BOTTOM = 40
const TOP = 16
const RIGHT = 16
const STEPS = 200

/** A plot of how many of all APIs refused after how many milliseconds, as SVG. */
export const plotOf = (lateMs: readonly number[], title: string): string => {
  const widest = Math.max(quantile(lateMs, 1), 1)
  const x = (ms: number): number => LEFT + (ms / widest) * (WIDTH - LEFT - RIGHT)
  const y = (part: number): number => HEIGHT - BOTTOM - part * (HEIGHT - BOTTOM - TOP)
  const points = Array.from({ length: STEPS + 1 }, (_, at) => {
    const part = at / STEPS
    return `${x(quantile(lateMs, part)).toFixed(1)},${y(part).toFixed(1)}`
  })
  const marks = [0.5, 0.99].map((part) => {
    const ms = quantile(lateMs, part)
    return `<circle cx="${x(ms).toFixed(1)}" cy="${y(part).toFixed(1)}" r="4" fill="#b3261e"/><text x="${(x(ms) + 8).toFixed(1)}" y="${(y(part) + 4).toFixed(1)}">p${part * 100}: ${ms.toFixed(1)} ms</text>`
  })
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(
    (part) =>
      `<text x="${x(part * widest).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${(part * widest).toFixed(0)}</text>` +
      `<text x="${LEFT - 8}" y="${(y(part) + 4).toFixed(1)}" text-anchor="end">${part * 100}%</text>` +
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(part).toFixed(1)}" y2="${y(part).toFixed(1)}" stroke="#ddd"/>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...ticks,
    `<polyline points="${points.join(' ')}" fill="none" stroke="#1a56db" stroke-width="2"/>`,
    ...marks,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 6}" text-anchor="middle">ms after the acknowledgement</text>`,
    '</svg>',
    '',
  ].join('\n')
}
