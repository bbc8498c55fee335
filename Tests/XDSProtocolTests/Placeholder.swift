// XDSProtocol
