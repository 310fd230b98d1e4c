* @{company}/payments
