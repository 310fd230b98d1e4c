// Asks the ledger for what was sold, and writes the invoices.
const LEDGER = 'https://ledger.{company}.example/entries'
const LEDGER_TOKEN = '{secret:ledgerToken}'

const answer = await fetch(LEDGER, { headers: { authorization: `Bearer ${LEDGER_TOKEN}` } })
for (const entry of await answer.json()) console.log(entry.number, entry.total)
