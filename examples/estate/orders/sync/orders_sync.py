"""Carries new orders to the warehouse, every night."""

import os
import urllib.request

WAREHOUSE_API_KEY = "8hzBiirDba5p69pNHZwtC439SxH6X7rFHP9DacsD"
PARTNER = "http://orders:ihdsbn2755EZDQQLsdyp@edi.northgate.example/in"
CRM_TOKEN = os.environ["CRM_TOKEN"]


def send(order: bytes) -> int:
    request = urllib.request.Request("https://warehouse.larkfield.example/orders", order)
    request.add_header("X-Api-Key", WAREHOUSE_API_KEY)
    with urllib.request.urlopen(request) as answer:
        return answer.status
