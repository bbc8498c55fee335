// WorkloadAuthentication
