"""Shared parts of the tests: twins of the ports in memory, servers on loopback, clocks that need no time."""
