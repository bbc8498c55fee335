internal import IstioAPI
internal import KubernetesAPI
internal import ProtobufWire

/// The OpenAPI v2 document as protobuf, which kubectl before 1.27 reads ahead of `apply`.
///
/// It tells that a patch can be a dry run, which kubectl looks up before it asks for one, and the schemas of
/// Istio's kinds, with which it checks and explains them.
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
    document.data(9, message { list in for schema in definitions { list.data(1, schema) } })
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
      operation.data(13, Self.kind(group, version, kind, isList: false))
    }
  }

  // MARK: Schemas

  private static var definitions: [[UInt8]] {
    groupVersions.flatMap { group, version in
      served(group: group, version: version).compactMap { resource -> [UInt8]? in
        guard KubernetesResource.istio.contains(resource),
          let specification = StructuralSchema.specification(of: resource.kind)
        else { return nil }
        return named(schemaName(resource, version)) { schema in
          schema.data(22, message { $0.string(1, "object") })
          schema.data(
            25,
            message { properties in
              for name in ["apiVersion", "kind"] {
                properties.data(
                  1, named(name) { $0.data(22, message { $0.string(1, "string") }) })
              }
              // Without a type it may hold anything.
              for name in ["metadata", "status"] { properties.data(1, named(name) { _ in }) }
              properties.data(1, named("spec") { write(specification, into: &$0) })
            })
          schema.data(31, kind(group, version, resource.kind, isList: true))
        }
      }
    }
  }

  /// A `NamedSchema`.
  private static func named(
    _ name: String, _ body: (inout WireBuffer) -> Void
  ) -> [UInt8] {
    message {
      $0.string(1, name)
      $0.data(2, message(body))
    }
  }

  /// Writes the type, the description and what is inside.
  private static func write(_ schema: StructuralSchema, into buffer: inout WireBuffer) {
    if !schema.description.isEmpty { buffer.string(4, schema.description) }
    func write(_ type: String) { buffer.data(22, message { $0.string(1, type) }) }
    switch schema.shape {
    case .text, .choice: write("string")
    case .integer: write("integer")
    case .number: write("number")
    case .boolean: write("boolean")
    case .anything: write("object")
    case .list(let element, _, _):
      write("array")
      buffer.data(
        23, message { $0.data(1, message { Self.write(element, into: &$0) }) })
    case .map(let value, _, _):
      buffer.data(21, message { $0.data(1, message { Self.write(value, into: &$0) }) })
      write("object")
    case .object(let fields, let required):
      for name in required { buffer.string(19, name) }
      write("object")
      buffer.data(
        25,
        message { properties in
          for field in fields {
            properties.data(1, named(field.name) { Self.write(field.schema, into: &$0) })
          }
        })
    }
  }

  /// The extension that says which kind something is about.
  private static func kind(
    _ group: String, _ version: String, _ kind: String, isList: Bool
  ) -> [UInt8] {
    let (first, rest) = isList ? ("- ", "  ") : ("", "")
    let text =
      "\(first)group: \"\(group)\"\n\(rest)version: \(version)\n\(rest)kind: \(kind)\n"
    return message { extended in
      extended.string(1, "x-kubernetes-group-version-kind")
      extended.data(2, message { $0.string(2, text) })
    }
  }

  private static func message(_ body: (inout WireBuffer) -> Void) -> [UInt8] {
    var buffer = WireBuffer()
    body(&buffer)
    return buffer.bytes
  }
}
