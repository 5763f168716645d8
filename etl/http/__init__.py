"""Talking to one API over HTTP: client, auth, paging, throttle and retry, each a part of its own."""
