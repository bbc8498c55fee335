// EnvoyMessages
