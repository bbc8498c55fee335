// ProxyAgent
