// CertificateServer
