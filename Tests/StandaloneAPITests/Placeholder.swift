// StandaloneAPI
