internal import Benchmark
internal import CertificateAuthority
internal import OpenSSLCrypto

/// From a signing request to a certificate that was checked.
enum SigningBenchmarks {
  static func register() {
    for type in KeyType.allCases {
      Benchmark(
        "signing: a request of \(type.rawValue), signer of the same",
        configuration: Settings.timed(),
        closure: { (_: Benchmark, state: (CertificateAuthority, String)) throws in
          blackHole(
            try state.0.issue(
              requestPEM: state.1, identity: "spiffe://cluster.local/ns/default/sa/a",
              lifetime: 3600))
        },
        setup: {
          let material = try SigningMaterial.selfSigned(
            trustDomain: "cluster.local", keyType: type, lifetime: AuthorityFiles.rootLifetime,
            now: CertificateAuthority.systemClock(), serialNumber: [1])
          let authority = try CertificateAuthority(slots: SigningSlots(current: material))
          let request = try CertificateSigningRequest(
            key: PrivateKey(generating: type), subjectAlternativeNames: [])
          return (authority, request.pem)
        })
    }
  }
}
