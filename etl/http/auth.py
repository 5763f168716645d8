"""How a connection proves who it is. A connector offers one or more blocks; the keys that the connection gives choose.

    {kind: none}
    {kind: api_key, header: X-Key}                  connection: api_key     (or `query: key`; optional `prefix: "Token "`)
    {kind: basic}                                   connection: username, password
    {kind: bearer}                                  connection: token       (optional `header`, `prefix`, default `Bearer`)
    {kind: oauth2_client_credentials,               connection: client_id, client_secret
     token_url: /oauth/token, scope: things.read,   optional `audience`, `send: basic | body` (default basic),
     renew_before: 60}                              `params: {…}` (further form fields)
    {kind: token_exchange,                          connection: the keys that `credentials` names
     token_url: /v1/Auth/Token,                     an address, or a path below the connection's base_url
     method: POST,                                  the default
     credentials: {basic: [app_id, app_secret]},    or {body: {username: username, password: password}} (JSON: property →
                                                    connection key), or {form: {…}} likewise, or {headers: {…}} likewise
     headers: {…}, body: {…},                       constants sent along; both optional
     token: accessToken,                            JMESPath of the token in the answer
     expires: {path: expires, format: "%Y-%m-%d %H:%M:%S %z"},   JMESPath of an instant and its strptime pattern (ISO 8601
                                                    is always understood), or {seconds: expires_in}; optional: without it
                                                    the token is used until a 401
     renew_before: 60,                              seconds, or `60s`, `2m`; default 60
     header: Authorization, prefix: Bearer}         the defaults; `prefix: ""` sends the bare token
"""
