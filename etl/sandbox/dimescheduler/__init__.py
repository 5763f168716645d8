"""Dime.Scheduler as its public page, its SDKs and their tests describe it."""
