// DiscoveryServer
