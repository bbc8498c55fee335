internal import COpenSSL

/// Encoded object identifiers of X.509.
enum ObjectIdentifier {
  static let ecPublicKey = DERWriter.objectIdentifier([1, 2, 840, 10045, 2, 1])
  static let rsaEncryption = DERWriter.objectIdentifier([1, 2, 840, 113549, 1, 1, 1])
  static let commonName = DERWriter.objectIdentifier([2, 5, 4, 3])
  static let organization = DERWriter.objectIdentifier([2, 5, 4, 10])
  static let extensionRequest = DERWriter.objectIdentifier([1, 2, 840, 113549, 1, 9, 14])
  static let subjectKeyIdentifier = DERWriter.objectIdentifier([2, 5, 29, 14])
  static let keyUsage = DERWriter.objectIdentifier([2, 5, 29, 15])
  static let subjectAlternativeName = DERWriter.objectIdentifier([2, 5, 29, 17])
  static let basicConstraints = DERWriter.objectIdentifier([2, 5, 29, 19])
  static let authorityKeyIdentifier = DERWriter.objectIdentifier([2, 5, 29, 35])
  static let extendedKeyUsage = DERWriter.objectIdentifier([2, 5, 29, 37])
  static let authorityInformation = DERWriter.objectIdentifier([1, 3, 6, 1, 5, 5, 7, 1, 1])
  static let revocationLists = DERWriter.objectIdentifier([2, 5, 29, 31])
  static let serverAuthentication = DERWriter.objectIdentifier([1, 3, 6, 1, 5, 5, 7, 3, 1])
  static let clientAuthentication = DERWriter.objectIdentifier([1, 3, 6, 1, 5, 5, 7, 3, 2])

  private static let curves = [
    DERWriter.objectIdentifier([1, 2, 840, 10045, 3, 1, 7]): "prime256v1",
    DERWriter.objectIdentifier([1, 3, 132, 0, 34]): "secp384r1",
    DERWriter.objectIdentifier([1, 3, 132, 0, 35]): "secp521r1",
  ]

  /// OpenSSL's name of a curve.
  static func curveName(_ identifier: [UInt8]) -> String? { curves[identifier] }
}

/// A signature algorithm of certificates and requests.
enum SignatureAlgorithm {
  case ecdsaSHA256
  case ecdsaSHA384
  case ecdsaSHA512
  case rsaSHA256
  case rsaSHA384
  case rsaSHA512

  /// The AlgorithmIdentifier; RSA carries a NULL (RFC 4055), ECDSA nothing (RFC 5758).
  var encoding: [UInt8] { Self.encodings[self] ?? [] }

  private static let identifiers: [SignatureAlgorithm: [UInt8]] = [
    .ecdsaSHA256: DERWriter.objectIdentifier([1, 2, 840, 10045, 4, 3, 2]),
    .ecdsaSHA384: DERWriter.objectIdentifier([1, 2, 840, 10045, 4, 3, 3]),
    .ecdsaSHA512: DERWriter.objectIdentifier([1, 2, 840, 10045, 4, 3, 4]),
    .rsaSHA256: DERWriter.objectIdentifier([1, 2, 840, 113549, 1, 1, 11]),
    .rsaSHA384: DERWriter.objectIdentifier([1, 2, 840, 113549, 1, 1, 12]),
    .rsaSHA512: DERWriter.objectIdentifier([1, 2, 840, 113549, 1, 1, 13]),
  ]
  private static let encodings = Dictionary(
    uniqueKeysWithValues: identifiers.map { algorithm, identifier in
      (
        algorithm,
        algorithm.isRSA
          ? DERWriter.sequence(identifier, DERWriter.element(DERTag.null, []))
          : DERWriter.sequence(identifier)
      )
    })
  private static let byIdentifier = Dictionary(
    uniqueKeysWithValues: identifiers.map { ($0.value, $0.key) })

  var isRSA: Bool {
    switch self {
    case .rsaSHA256, .rsaSHA384, .rsaSHA512: true
    case .ecdsaSHA256, .ecdsaSHA384, .ecdsaSHA512: false
    }
  }

  var digest: OpaquePointer? {
    switch self {
    case .ecdsaSHA256, .rsaSHA256: EVP_sha256()
    case .ecdsaSHA384, .rsaSHA384: EVP_sha384()
    case .ecdsaSHA512, .rsaSHA512: EVP_sha512()
    }
  }

  /// Reads an AlgorithmIdentifier.
  init(_ element: DERReader.Element) throws(CryptoError) {
    var fields = element.reader
    let identifier = Array(try fields.read(DERTag.objectIdentifier).encoding)
    guard let match = Self.byIdentifier[identifier] else {
      throw CryptoError("read a signature", "unsupported algorithm")
    }
    self = match
  }

  /// What keys of this kind sign with here.
  static func forSigning(with key: PublicKey) -> SignatureAlgorithm {
    key.isRSA ? .rsaSHA256 : .ecdsaSHA256
  }
}
