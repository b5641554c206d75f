"""A pretend Gitea, for the demo and for tests.

``World`` holds what is in it and what can be done to it; ``create_simulator`` shows a world as Gitea would over HTTP;
``serve`` puts that on a loopback port. It answers as recorded from Gitea 1.23.8 and 1.26.3, oddities included, and one
contract suite runs against it and the real one.
"""

from gitea_client.simulator.app import create_simulator
from gitea_client.simulator.serving import RunningSimulator, serve
from gitea_client.simulator.world import World

__all__ = ["RunningSimulator", "World", "create_simulator", "serve"]
