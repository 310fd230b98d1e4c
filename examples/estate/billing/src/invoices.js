// Asks the ledger for what was sold, and writes the invoices.
const LEDGER = 'https://ledger.larkfield.example/entries'
const LEDGER_TOKEN = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLmludmFsaWQiLCJzdWIiOiJpbnZvaWNlcyIsImF1ZCI6ImxlZGdlciJ9.TYW4VeY1x74PuYYw13CZ5royteP1pKyQyXLWd548VDu'

const answer = await fetch(LEDGER, { headers: { authorization: `Bearer ${LEDGER_TOKEN}` } })
for (const entry of await answer.json()) console.log(entry.number, entry.total)
