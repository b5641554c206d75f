"""Payment providers: what they say becomes neutral reports; nothing of theirs goes further into the house.

**How a provider plugs in.** It is one object with the methods of `provider.Provider`, made by `registry.provider`; the
tables name it by `Provider.name`. The road of a delivery:

1. *The door* (`web/payments.py`, `services/payment_door.py`) finds the account by the address and asks `judge` about
   the raw bytes. `parse` gives them a name, and the row is in the inbox before the answer goes out. Nothing is fetched.
   What can't be judged without asking somebody goes into `Delivery.proof`, for the worker.
2. *The worker* (`services/payment_inbox.py`) leases the row, draws a ticket and calls `read`, which fetches the
   objects with the account's own key and returns a `Reading`: reports made of facts (`rules/payments`). An error of
   `provider` says whether trying again helps. No transaction is open meanwhile.
3. `services/payment_books.py` maps what was bought to packages, merges the facts, brings the keys in line and writes
   the outbox: one transaction.

`poll` and `sweep` find what was never delivered, and put it into the same inbox. `begin_sale` and `connect` are asked
by people. `pretend` holds stand-ins for the demo and for tests; the product never needs them.
"""
