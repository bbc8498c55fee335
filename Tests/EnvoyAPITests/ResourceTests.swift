import EnvoyTranslation
import MeshTesting
import StreamingJSON
import SwiftProtobuf
import Testing
import XDSProtocol

@testable import EnvoyAPI

/// What the writers write is what SwiftProtobuf reads, for whole resources.
struct ResourceTests {
  static let fixtures = EnvoyBinary.packageFolder + "/Tests/EnvoyTranslationTests/Fixtures"

  init() {
    for type in MessageTwins.types.values { _ = Google_Protobuf_Any.register(messageType: type) }
  }

  @Test(
    "SwiftProtobuf knows every field of every resource", arguments: ChildProgram.names(in: fixtures)
  )
  func resources(name: String) async throws {
    let mesh = try MeshDocuments(
      try #require(ChildProgram.read("\(Self.fixtures)/\(name)/mesh.yaml")))
    var count = 0
    for (type, extensions) in [
      ("sidecar", ["istio.alpn"]), ("sidecar", ["envoy.filters.http.router"]),
      ("router", ["istio.alpn"]),
    ] {
      let node = try ProxyNodes.node(
        type: type, name: "server", address: "10.44.0.12",
        labels: ["app": "server", "version": "v1", "istio": "ingressgateway"],
        extensions: extensions)
      let state = await MeshTranslation(snapshot: mesh.snapshot).open(node) {}.current()
      for resource in ResourceType.allCases.flatMap({ state.all($0) }) {
        try Self.check(resource)
        count += 1
      }
    }
    #expect(count > 20)
  }

  /// The bytes have to say the same to SwiftProtobuf as their JSON does, and nothing besides.
  private static func check(_ resource: EncodedResource) throws {
    let name = String(resource.type.typeURL.split(separator: "/").last ?? "")
    let twin = try #require(MessageTwins.types[name])
    let read: any Message = try twin.init(serializedBytes: Array(resource.payload))
    let printed: any Message = try twin.init(
      jsonUTF8Bytes: MessagePrinter.json(resource.payload, type: name).serialized())
    // JSON carries no unknown fields, so bytes that no field accounts for would be missing here.
    let known: [UInt8] = try printed.serializedBytes()
    #expect(known.count == resource.payload.count, "\(resource.name)")
    #expect(try json(read) == json(twin.init(serializedBytes: known)), "\(resource.name)")
  }

  private static func json(_ message: any Message) throws -> JSONValue {
    let text: [UInt8] = try message.jsonUTF8Bytes()
    return try JSONValue(parsing: text)
  }
}
