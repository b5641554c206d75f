"""Stand-ins for payment providers, for the demo and for tests: a world that can be changed, shown as an API.

Nothing of the product imports this but the demo's commands.
"""
