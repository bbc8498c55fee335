// EchoWorkload
