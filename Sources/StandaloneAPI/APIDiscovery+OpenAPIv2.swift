internal import KubernetesAPI
internal import ProtobufWire

/// The OpenAPI v2 document as protobuf, which kubectl before 1.27 reads ahead of `apply`.
///
/// It describes no schemas, so clients check nothing themselves; it tells only that a patch can be a
/// dry run, which kubectl looks up before it asks for one.
/// Source: <https://github.com/google/gnostic-models/blob/main/openapiv2/OpenAPIv2.proto>.
extension APIDiscovery {
  static let openAPIv2Protobuf: [UInt8] = message { document in
    document.string(1, "2.0")
    document.data(
      2,
      message { info in
        info.string(1, "Skein")
        info.string(2, "v1.32.0")
      })
    document.data(8, message { paths in for item in pathItems { paths.data(2, item) } })
  }

  private static var pathItems: [[UInt8]] {
    groupVersions.flatMap { group, version in
      served(group: group, version: version).map { resource in
        message { named in
          named.string(1, resource.path(version: version, namespace: "{namespace}", name: "{name}"))
          named.data(2, message { $0.data(8, patch(group, version, resource.kind)) })
        }
      }
    }
  }

  /// The operation of a patch, with the query parameter that makes it a rehearsal.
  private static func patch(_ group: String, _ version: String, _ kind: String) -> [UInt8] {
    let query = message {
      $0.string(2, "query")
      $0.string(4, "dryRun")
      $0.string(6, "string")
    }
    let parameter = message { $0.data(2, message { $0.data(3, query) }) }
    return message { operation in
      operation.data(8, message { $0.data(1, parameter) })
      operation.data(
        13,
        message { named in
          named.string(1, "x-kubernetes-group-version-kind")
          named.data(
            2,
            message { $0.string(2, "group: \"\(group)\"\nversion: \(version)\nkind: \(kind)\n") })
        })
    }
  }

  private static func message(_ body: (inout WireBuffer) -> Void) -> [UInt8] {
    var buffer = WireBuffer()
    body(&buffer)
    return buffer.bytes
  }
}
