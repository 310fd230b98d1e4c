"""Carries new orders to the warehouse, every night."""

import os
import urllib.request

WAREHOUSE_API_KEY = "{secret:warehouseKey}"
PARTNER = "http://{orders}:{secret:partnerPassword}@edi.{partner}.example/in"
CRM_TOKEN = os.environ["CRM_TOKEN"]


def send(order: bytes) -> int:
    request = urllib.request.Request("https://warehouse.{company}.example/orders", order)
    request.add_header("X-Api-Key", WAREHOUSE_API_KEY)
    with urllib.request.urlopen(request) as answer:
        return answer.status
