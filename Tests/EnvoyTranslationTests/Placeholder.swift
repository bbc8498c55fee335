// EnvoyTranslation
