# Everything here belongs to the team that takes the orders.
*            @{company}/{orders}
/.github/    @{company}/platform
