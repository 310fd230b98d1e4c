/** The tables of the page: their names in its style, and each column's title and share of the width. */
const table = (name: string, columns: Readonly<Record<string, number>>) => ({
  name,
  columns: Object.entries(columns).map(([title, width]) => ({ title, width })),
})
export const FINDINGS = table('findings', { Severity: 2, OWASP: 2, Finding: 5, Evidence: 6, Where: 4, Fix: 5 })
export const IDENTITIES = table('identities', { Kind: 2, Name: 5, Environment: 3, Owner: 3, Reaches: 6, Where: 4 })
export const UNREAD = table('unread', { Path: 5, Reason: 2, Detail: 6 })
const TABLES = [FINDINGS, IDENTITIES, UNREAD]

/** How the page looks. Rows are grids, which a browser lays out as they come into view: a table is laid out whole. */
export const STYLE = `
:root { color-scheme: light dark; --line: #8884; --bad: #c22; --warn: #b60; --mild: #860; --ok: #285; }
@media (prefers-color-scheme: dark) { :root { --bad: #f77; --warn: #fa5; --mild: #dc6; --ok: #6c9; } }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1400px; padding: 0 1.5rem; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
small { color: color-mix(in srgb, currentColor 65%, transparent); font-weight: normal; }
.figures { display: flex; flex-wrap: wrap; gap: .75rem; }
.figures div { border: 1px solid var(--line); border-radius: .5rem; min-width: 6.5rem; padding: .6rem .9rem; }
.figures b { display: block; font-size: 1.7rem; line-height: 1.1; }
.score { border-width: 2px !important; }
.critical, .critical b, .high, .high b { color: var(--bad); }
.medium, .medium b { color: var(--warn); }
.low, .low b { color: var(--mild); }
td.critical { font-weight: bold; }
table, thead, tbody { display: block; }
tr { border-bottom: 1px solid var(--line); display: grid; grid-template-columns: var(--columns); }
tbody tr { contain-intrinsic-height: auto 6rem; content-visibility: auto; }
th, td { min-width: 0; overflow-wrap: anywhere; padding: .4rem .6rem; text-align: left; }
thead { background: Canvas; position: sticky; top: 0; z-index: 1; }
th button { all: unset; cursor: pointer; font-weight: bold; }
th button:focus-visible, .graph:focus-visible { outline: 2px solid; outline-offset: 2px; }
th[aria-sort="ascending"] button::after { content: " \\2191"; }
th[aria-sort="descending"] button::after { content: " \\2193"; }
${TABLES.map(({ name, columns }) => `.${name} { --columns: ${columns.map(({ width }) => `minmax(6.2rem, ${width}fr)`).join(' ')}; }`).join('\n')}
@media (max-width: 760px) {
body { margin: 1rem auto; padding: 0 .75rem; }
.figures div { min-width: 4.5rem; }
tr { grid-template-columns: minmax(0, 1fr); padding: .5rem 0; }
thead tr { display: flex; flex-wrap: wrap; }
td { padding: .15rem .6rem .15rem 7.5rem; position: relative; }
td::before { color: color-mix(in srgb, currentColor 65%, transparent); font-weight: normal; left: .6rem; position: absolute; }
${TABLES.flatMap(({ name, columns }) => columns.map(({ title }, at) => `.${name} td:nth-child(${at + 1})::before { content: "${title}"; }`)).join('\n')}
}
@media print { tbody tr { content-visibility: visible; } thead { position: static; } }
code { font-size: .85em; }
.hidden { position: absolute; clip-path: inset(50%); height: 1px; overflow: hidden; width: 1px; }
.graph { overflow-x: auto; }
svg text { fill: currentColor; font: 13px system-ui, sans-serif; }
svg path { fill: none; stroke: currentColor; stroke-opacity: .3; }
svg path.worst { stroke: var(--bad); stroke-opacity: .7; }
svg circle { fill: currentColor; fill-opacity: .5; }
svg circle.worst { fill: var(--bad); fill-opacity: 1; }
`

/** Sorts a table by a column when its head is pressed; nothing else. */
export const SCRIPT = `
const { compare } = new Intl.Collator('en', { numeric: true })
for (const table of document.querySelectorAll('table')) {
  const body = table.tBodies[0]
  const heads = [...table.querySelectorAll('th')]
  heads.forEach((head, column) => head.querySelector('button').addEventListener('click', () => {
    const turn = head.getAttribute('aria-sort') === 'ascending' ? -1 : 1
    for (const other of heads) other.setAttribute('aria-sort', 'none')
    head.setAttribute('aria-sort', turn === 1 ? 'ascending' : 'descending')
    const orderOf = (row) => row.cells[column].dataset.order ?? row.cells[column].textContent
    const rows = [...body.rows].map((row) => [orderOf(row), row])
    rows.sort(([one], [other]) => turn * compare(one, other))
    body.append(...rows.map(([, row]) => row))
  }))
}
`
