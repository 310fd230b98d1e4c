MODEL_API_KEY={secret:modelKey}
WAREHOUSE_API_KEY={secret:warehouseKey}
WAREHOUSE_URL=https://warehouse.{company}.example/orders
# Put in by the platform when the agent starts:
CRM_TOKEN=${CRM_TOKEN}
