// GRPCTransport
