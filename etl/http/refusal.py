"""What an answer that refuses says: the connector's `error` block, read once.

    {text: message,                                 JMESPath of the reason; without it error.message, message, error, detail, title
     fields: modelState,                            JMESPath of {field name: [texts]} or [{field, message}] (also `path`, `name`)
     request_id: requestId,                         named in messages, for the vendor's support
     permissions: permissionsRequired,              of a 403: the list of permissions that are missing
     ip_allowed: ipAddressAllowed}                  of a 403: false where the IP address is refused
"""
