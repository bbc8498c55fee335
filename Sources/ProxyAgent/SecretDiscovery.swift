internal import DiscoveryAPI
package import GRPCTransport
package import Logging
internal import NIOCore
internal import SwiftProtobuf

/// The secret discovery service for the Envoy beside the agent, in both dialects of xDS.
///
/// Knows `default`, the workload's certificate, and `ROOTCA`, the roots. What is asked for before
/// it exists is sent when it does, and again after each change.
package final class SecretDiscovery: GRPCService {
  static let service = "envoy.service.secret.v3.SecretDiscoveryService"
  static let typeURL = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
  private static let streamSecrets = GRPCMethodPath(service: service, method: "StreamSecrets")
  private static let deltaSecrets = GRPCMethodPath(service: service, method: "DeltaSecrets")
  /// The node that comes with the first request lists 500 extensions.
  private static let maximumMessageSize = 4_194_304

  package let paths = [SecretDiscovery.streamSecrets, SecretDiscovery.deltaSecrets]
  private let secrets: WorkloadSecrets
  private let logger: Logger

  /// A service of these secrets.
  package init(secrets: WorkloadSecrets, logger: Logger) {
    self.secrets = secrets
    self.logger = logger
  }

  package func accept(_ call: GRPCServerCall) -> GRPCAdmission {
    let stream = SecretStream(
      call: call, isDelta: call.path == Self.deltaSecrets, secrets: secrets, logger: logger)
    stream.start()
    return .accept(stream, maximumMessageSize: Self.maximumMessageSize)
  }
}

/// One stream of secrets.
private final class SecretStream: GRPCCallHandler {
  private let call: GRPCServerCall
  private let isDelta: Bool
  private let secrets: WorkloadSecrets
  private let logger: Logger
  private var subscribed: Set<String> = []
  /// The generation that was last sent of each name.
  private var sent: [String: Int] = [:]
  private var nonce = 0
  private var watcher: Int?

  init(call: GRPCServerCall, isDelta: Bool, secrets: WorkloadSecrets, logger: Logger) {
    self.call = call
    self.isDelta = isDelta
    self.secrets = secrets
    self.logger = logger
  }

  func start() {
    let bound = NIOLoopBound(self, eventLoop: call.eventLoop)
    watcher = secrets.watch { [eventLoop = call.eventLoop] in
      eventLoop.execute { bound.value.push() }
    }
  }

  func messageReceived(_ message: ByteBuffer) {
    do {
      if isDelta {
        try receivedDelta(message)
      } else {
        try receivedStateOfTheWorld(message)
      }
    } catch {
      call.finish(GRPCStatus(.invalidArgument, "the request cannot be decoded"))
    }
  }

  func halfClosed() {
    call.finish(.ok)
  }

  func closed(_ reason: GRPCCloseReason) {
    if let watcher {
      secrets.unwatch(watcher)
    }
  }

  private func receivedStateOfTheWorld(_ message: ByteBuffer) throws {
    let request = try Envoy_Service_Discovery_V3_DiscoveryRequest(
      serializedBytes: Array(message.readableBytesView))
    if request.hasErrorDetail {
      reportRejection(request.errorDetail)
    }
    guard request.responseNonce.isEmpty || request.responseNonce == String(nonce) else { return }
    let names = Set(request.resourceNames)
    for name in subscribed.subtracting(names) {
      sent[name] = nil
    }
    subscribed = names
    push()
  }

  private func receivedDelta(_ message: ByteBuffer) throws {
    let request = try Envoy_Service_Discovery_V3_DeltaDiscoveryRequest(
      serializedBytes: Array(message.readableBytesView))
    if request.hasErrorDetail {
      reportRejection(request.errorDetail)
    }
    for name in request.resourceNamesUnsubscribe {
      subscribed.remove(name)
      sent[name] = nil
    }
    for name in request.resourceNamesSubscribe {
      subscribed.insert(name)
      sent[name] = nil
    }
    push()
  }

  private func reportRejection(_ detail: Google_Rpc_Status) {
    logger.warning("Envoy rejects a secret", metadata: ["error": "\(detail.message)"])
  }

  /// Sends what is subscribed and newer than what was sent.
  private func push() {
    guard let generation = secrets.current else { return }
    let due = subscribed.sorted().filter { sent[$0] != generation.number }
    let resources = due.compactMap { name in
      encode(name, generation).map { (name: name, secret: $0) }
    }
    guard !resources.isEmpty else { return }
    nonce += 1
    for (name, _) in resources {
      sent[name] = generation.number
    }
    do {
      let bytes: [UInt8] =
        isDelta
        ? try deltaResponse(resources, version: generation.number).serializedBytes()
        : try response(resources, version: generation.number).serializedBytes()
      call.send([ByteBuffer(bytes: bytes)])
    } catch {
      call.finish(GRPCStatus(.internalError, "a secret cannot be encoded"))
    }
  }

  private func response(
    _ resources: [(name: String, secret: Google_Protobuf_Any)], version: Int
  ) -> Envoy_Service_Discovery_V3_DiscoveryResponse {
    var response = Envoy_Service_Discovery_V3_DiscoveryResponse()
    response.typeURL = SecretDiscovery.typeURL
    response.versionInfo = String(version)
    response.nonce = String(nonce)
    response.resources = resources.map(\.secret)
    return response
  }

  private func deltaResponse(
    _ resources: [(name: String, secret: Google_Protobuf_Any)], version: Int
  ) -> Envoy_Service_Discovery_V3_DeltaDiscoveryResponse {
    var response = Envoy_Service_Discovery_V3_DeltaDiscoveryResponse()
    response.typeURL = SecretDiscovery.typeURL
    response.systemVersionInfo = String(version)
    response.nonce = String(nonce)
    response.resources = resources.map { name, secret in
      var resource = Envoy_Service_Discovery_V3_Resource()
      resource.name = name
      resource.version = String(version)
      resource.resource = secret
      return resource
    }
    return response
  }

  private func encode(
    _ name: String, _ generation: WorkloadSecrets.Generation
  ) -> Google_Protobuf_Any? {
    var secret = Envoy_Extensions_TransportSockets_Tls_V3_Secret()
    secret.name = name
    switch name {
    case "default":
      secret.tlsCertificate.certificateChain = inline(generation.chainPEM)
      secret.tlsCertificate.privateKey = inline(generation.keyPEM)
    case "ROOTCA":
      secret.validationContext.trustedCa = inline(generation.rootsPEM)
    default:
      logger.debug(
        "Envoy asks for a secret that is not known here", metadata: ["sds.name": "\(name)"])
      return nil
    }
    guard let bytes: [UInt8] = try? secret.serializedBytes() else { return nil }
    var resource = Google_Protobuf_Any()
    resource.typeURL = SecretDiscovery.typeURL
    resource.value = .init(bytes)
    return resource
  }

  private func inline(_ text: String) -> Envoy_Config_Core_V3_DataSource {
    var source = Envoy_Config_Core_V3_DataSource()
    source.inlineBytes = .init(text.utf8)
    return source
  }
}
