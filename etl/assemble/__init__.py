"""From documents to something that runs: a workspace is opened and checked, then its pipelines are built and let go.

Nothing is imported here: a check needs no client, a test no state, and each command starts with what it needs.
"""
