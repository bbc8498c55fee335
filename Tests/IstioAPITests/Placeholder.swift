// IstioAPI
