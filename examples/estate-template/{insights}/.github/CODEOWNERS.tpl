* @{company}/data
