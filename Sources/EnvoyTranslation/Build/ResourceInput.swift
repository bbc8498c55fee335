package import XDSProtocol

/// Everything a resource is made from, and therefore its cache key: equal inputs give equal bytes.
///
/// A builder reads nothing but its input: no snapshot, no proxy, no clock, no flag.
package protocol ResourceInput: Hashable, Sendable {
  var type: ResourceType { get }
  /// The resource's name.
  var name: String { get }
  /// The objects that the input was read from, for reports.
  var sources: [String] { get }
  /// The resources that have to be usable before this one is sent.
  var references: [ResourceName] { get }
  /// The domains of a virtual host.
  var exclusiveNames: [String] { get }
  var readiness: Readiness { get }
  /// What the version covers besides the message itself.
  var versionSalt: String { get }
  /// The serialized message.
  func encode() -> [UInt8]
}

extension ResourceInput {
  package var references: [ResourceName] { [] }
  package var exclusiveNames: [String] { [] }
  package var readiness: Readiness { .immediate }
  package var versionSalt: String { "" }

  /// Builds the resource.
  package func build() -> EncodedResource {
    let payload = encode()
    return EncodedResource(
      type: type, name: name, version: ContentDigest.version(of: payload, salt: versionSalt),
      payload: payload, references: references, exclusiveNames: exclusiveNames,
      readiness: readiness, sources: sources)
  }
}
