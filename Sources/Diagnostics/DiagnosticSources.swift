package import StreamingJSON
package import XDSProtocol

/// What the diagnostic endpoints show, asked for at each request.
package struct DiagnosticSources: Sendable {
  /// What readiness waits for; empty when ready.
  package var waitingFor: @Sendable () -> [String]
  package var metrics: @Sendable () -> [Metric]
  package var proxies: @Sendable () async -> [ProxyReport]
  /// The resources of a proxy by node id or `name.namespace`; nil when it is not connected here.
  package var resources: @Sendable (String) async -> [EncodedResource]?
  /// Objects with something wrong.
  package var objects: @Sendable () -> [JSONValue]
  /// The rights in the cluster that were used so far, as `verb resource.group`.
  package var permissions: @Sendable () -> [String]

  /// Those of a process that knows of nothing yet but what it waits for.
  package static func starting(
    waitingFor: @escaping @Sendable () -> [String]
  ) -> DiagnosticSources {
    DiagnosticSources(
      waitingFor: waitingFor, metrics: { [] }, proxies: { [] }, resources: { _ in nil },
      objects: { [] })
  }

  package init(
    waitingFor: @escaping @Sendable () -> [String], metrics: @escaping @Sendable () -> [Metric],
    proxies: @escaping @Sendable () async -> [ProxyReport],
    resources: @escaping @Sendable (String) async -> [EncodedResource]?,
    objects: @escaping @Sendable () -> [JSONValue],
    permissions: @escaping @Sendable () -> [String] = { [] }
  ) {
    self.waitingFor = waitingFor
    self.metrics = metrics
    self.proxies = proxies
    self.resources = resources
    self.objects = objects
    self.permissions = permissions
  }
}

/// A connected proxy with how far it is.
package struct ProxyReport: Sendable {
  package var id: String
  package var namespace: String
  package var envoyVersion: String
  package var protocolVariant: String
  package var identity: String
  package var connectedAt: Int64
  package var types: [TypeStatus]

  package init(
    id: String, namespace: String, envoyVersion: String, protocolVariant: String,
    identity: String, connectedAt: Int64, types: [TypeStatus]
  ) {
    self.id = id
    self.namespace = namespace
    self.envoyVersion = envoyVersion
    self.protocolVariant = protocolVariant
    self.identity = identity
    self.connectedAt = connectedAt
    self.types = types
  }

  package var json: JSONValue {
    [
      "proxy": .string(id), "namespace": .string(namespace),
      "envoy_version": .string(envoyVersion), "protocol": .string(protocolVariant),
      "identity": .string(identity), "connected_at": .integer(connectedAt),
      "types": .array(types.map(Self.json)),
    ]
  }

  private static func json(_ status: TypeStatus) -> JSONValue {
    [
      "type": .string(status.type.shortName), "type_url": .string(status.type.typeURL),
      "state": .string(status.state.rawValue), "wanted": .string(status.wanted),
      "sent": .string(status.sent), "acknowledged": .string(status.acknowledged),
      "outstanding": .integer(Int64(status.outstanding)),
      "rejections": .array(
        status.rejections.map { rejection in
          [
            "resource": .string(rejection.name), "version": .string(rejection.version),
            "message": .string(rejection.message),
            "sources": .array(rejection.sources.map { .string($0) }),
          ]
        }),
    ]
  }
}
