"""Stand-ins for payment providers, for the demo and for tests: a world that can be changed, shown as the real API would.

Nothing of the product imports this but the demo's commands.
"""
