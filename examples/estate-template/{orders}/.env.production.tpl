# Handed to the API and to the nightly sync alike.
APP_ENV=production
DATABASE_URL=postgres://postgres:{secret:storePassword}@db.{company}.example:5432/{orders}
REEVE_CLIENT_ID={orders}-sync
REEVE_CLIENT_SECRET={secret:reeveSecret}
SMTP_HOST=mail.{company}.example
SMTP_PASSWORD={secret:mailPassword}
CRM_URL=https://crm.{company}.example
