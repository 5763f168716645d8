"""When a request is repeated and how long to wait before: three small questions, each a function.

The connector's `retry` block, all optional:

    {statuses: [429, 500, 502, 503, 504],           statuses that are worth another try (429 always is)
     wait: waitInSeconds}                           JMESPath of the seconds to wait in the body of a 429 or 503
"""
