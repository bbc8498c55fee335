internal import ArgumentParser
internal import OpenSSLCrypto

/// The files that load commands are given.
enum LoadFile {
  /// The text of a file; explains what is wrong where it cannot be read.
  static func text(of path: String) throws -> String {
    do {
      guard let bytes = try PrivateFile.read(path) else {
        throw CleanFailure("there is no file \(path)", code: ExitCode(66))
      }
      return String(decoding: bytes, as: UTF8.self)
    } catch let error as CryptoError {
      throw CleanFailure("\(error)", code: ExitCode(66))
    }
  }

  /// Whether a text can be a token: it travels in a header.
  static func isToken(_ text: String) -> Bool {
    text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }
}
