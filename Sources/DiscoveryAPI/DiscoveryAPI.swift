// DiscoveryAPI
