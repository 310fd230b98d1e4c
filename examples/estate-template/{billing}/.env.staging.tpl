NODE_ENV=staging
# The same account as in production: there was no time to make another.
DATABASE_URL=postgres://postgres:{secret:storePassword}@db.{company}.example:5432/{orders}
REPORTS_URL=postgres://{first}.{last}:{secret:personPassword}@reports.{company}.example/{billing}
