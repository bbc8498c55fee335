internal import DiscoveryAPI
internal import GRPCTransport
internal import Logging
internal import NIOCore
internal import SwiftProtobuf
internal import WorkloadAuthentication
internal import XDSProtocol

/// One stream of a proxy: a thin shell around ``DiscoverySession``, all of it on the call's event loop.
///
/// A stream has a target, not a queue: a change of the mesh only marks it, and it reads the newest state
/// when it gets to it.
final class DiscoveryStream: GRPCCallHandler {
  private let call: GRPCServerCall
  private let variant: DiscoverySession.Variant
  private let identity: WorkloadIdentity?
  private let serves: @Sendable (ProxyType) -> Bool
  private let trustsLabels: Bool
  private let discovery: any ResourceDiscovery
  private let streams: DiscoveryStreams
  private let metrics: DiscoveryMetrics
  private let bodies: SharedBodies
  private var logger: Logger

  private let id: Int
  private var node: ProxyNode?
  private var session: DiscoverySession
  private var resources: (any ProxyResources)?
  private var state = ResourceState()
  /// Requests that came while the proxy's resources were planned for the first time.
  private var waiting: [DiscoveryRequest] = []
  private var isUpdateScheduled = false
  private var isClosed = false
  private var wakeTask: Scheduled<Void>?
  private var wakeTime: Int64?

  init(
    call: GRPCServerCall, variant: DiscoverySession.Variant, identity: WorkloadIdentity?,
    serves: @escaping @Sendable (ProxyType) -> Bool, trustsLabels: Bool,
    discovery: any ResourceDiscovery,
    streams: DiscoveryStreams, metrics: DiscoveryMetrics,
    bodies: SharedBodies, logger: Logger
  ) {
    self.call = call
    self.variant = variant
    self.identity = identity
    self.serves = serves
    self.trustsLabels = trustsLabels
    self.discovery = discovery
    self.streams = streams
    self.metrics = metrics
    self.bodies = bodies
    self.logger = logger
    id = streams.nextID()
    session = DiscoverySession(
      variant: variant, noncePrefix: String(UInt64.random(in: 0 ... .max), radix: 36) + "-")
  }

  private var now: Int64 { NIODeadline.now().uptimeNanoseconds.milliseconds }

  // MARK: Calls of the transport

  func messageReceived(_ message: ByteBuffer) {
    guard !isClosed else { return }
    metrics.requestReceived(bytes: message.readableBytes)
    do {
      let received = try ReceivedRequest(Array(message.readableBytesView), variant)
      // Whoever the stream's proxy is was decided by the first message.
      let node =
        self.node == nil
        ? try received.node.map(ProxyNode.message) : nil
      receive(received.request, node: node)
    } catch {
      end(GRPCStatus(.invalidArgument, "the request is not a discovery request: \(error)"))
    }
  }

  func halfClosed() { end(.ok) }

  func closed(_ reason: GRPCCloseReason) {
    guard !isClosed else { return }
    logger.debug("stream ended", metadata: ["xds.reason": "\(reason)"])
    release()
  }

  private func end(_ status: GRPCStatus) {
    guard !isClosed else { return }
    if status.code != .ok {
      logger.info("stream refused", metadata: ["grpc.status": "\(status)"])
    }
    call.finish(status)
    release()
  }

  private func release() {
    isClosed = true
    wakeTask?.cancel()
    resources?.close()
    resources = nil
    streams.remove(id)
  }

  // MARK: The first request

  private func receive(_ request: DiscoveryRequest, node message: Envoy_Config_Core_V3_Node?) {
    if node == nil {
      guard identify(message) else { return }
    }
    guard resources != nil else {
      // Envoy sends a handful before the first answer; more is not a proxy.
      guard waiting.count < 64 else {
        end(GRPCStatus(.resourceExhausted, "too many requests before the first answer"))
        return
      }
      waiting.append(request)
      return
    }
    handle(request)
  }

  private func identify(_ message: Envoy_Config_Core_V3_Node?) -> Bool {
    guard let message else {
      end(GRPCStatus(.invalidArgument, NodeError.missing.description))
      return false
    }
    var proxy: ProxyNode
    do throws(NodeError) {
      proxy = try ProxyNode(message, isDelta: variant == .delta)
    } catch {
      end(GRPCStatus(.invalidArgument, error.description))
      return false
    }
    guard serves(proxy.type) else {
      end(GRPCStatus(.unavailable, "what a \(proxy.type.rawValue) needs is not complete yet"))
      return false
    }
    if let identity {
      if let refusal = IdentityCheck.refusal(proxy, identity: identity) {
        end(GRPCStatus(.permissionDenied, refusal))
        return false
      }
      proxy.verifiedIdentity = "\(identity.identity)"
      if !trustsLabels { proxy.labels = [:] }
    }
    logger[metadataKey: "proxy.id"] = "\(proxy.id)"
    node = proxy
    open(proxy)
    return true
  }

  private func open(_ proxy: ProxyNode) {
    let me = NIOLoopBound(self, eventLoop: call.eventLoop)
    let loop = call.eventLoop
    let changed: @Sendable () -> Void = { loop.execute { me.value.scheduleUpdate() } }
    let discovery = discovery
    // Planning may take long, so it never runs on an event loop.
    Task {
      let resources = await discovery.open(proxy, changed: changed)
      loop.execute { me.value.begin(proxy, resources) }
    }
  }

  private func begin(_ proxy: ProxyNode, _ resources: any ProxyResources) {
    guard !isClosed else {
      resources.close()
      return
    }
    self.resources = resources
    state = resources.current()
    session.begin(state)
    let me = NIOLoopBound(self, eventLoop: call.eventLoop)
    let loop = call.eventLoop
    streams.add(
      id,
      StreamEntry(
        node: proxy, variant: variant, identity: identity.map { "\($0.identity)" },
        connectedAt: streams.clock(), peer: "\(call.peer.remoteAddress?.description ?? "-")",
        pendingBytes: { [call] in call.pendingBytes },
        status: { loop.submit { me.value.session.status } },
        hasNewestClusters: {
          loop.submit { !me.value.isUpdateScheduled && me.value.session.hasNewestClusters }
        },
        state: { loop.submit { me.value.state } }))
    logger.info(
      "proxy connected",
      metadata: ["xds.variant": "\(variant)", "proxy.identity": "\(proxy.verifiedIdentity ?? "-")"])
    let requests = waiting
    waiting = []
    for request in requests { handle(request) }
    // What changed while the stream was being opened was not announced to it.
    update()
  }

  // MARK: Requests and changes

  private func handle(_ request: DiscoveryRequest) {
    guard !isClosed else { return }
    guard let type = ResourceType(typeURL: request.typeURL) else {
      metrics.unknownType()
      logger.debug("unknown type", metadata: ["xds.type": "\(request.typeURL.prefix(200))"])
      return
    }
    perform(session.receive(request, type: type, state: state, now: now))
  }

  private func scheduleUpdate() {
    guard !isClosed, !isUpdateScheduled, resources != nil else { return }
    isUpdateScheduled = true
    // Whatever else is ready on this loop comes first, and further changes merge.
    let me = NIOLoopBound(self, eventLoop: call.eventLoop)
    call.eventLoop.execute {
      me.value.isUpdateScheduled = false
      me.value.update()
    }
  }

  private func update() {
    guard !isClosed, let resources else { return }
    let newest = resources.current()
    guard !newest.isSame(as: state) else { return }
    let changes = resources.changes(from: state, to: newest)
    state = newest
    perform(session.update(to: newest, changes: changes, now: now))
  }

  private func perform(_ actions: [SessionAction]) {
    for action in actions {
      switch action {
      case .respond(let response): send(response)
      case .wake(let time): wake(at: time)
      case .acknowledged(let type): metrics.acknowledged(type)
      case .rejected(let rejection):
        metrics.rejected(rejection.type)
        streams.record(rejection, proxy: node?.id ?? "")
        logger.warning(
          "resource rejected",
          metadata: [
            "xds.type": "\(rejection.type.shortName)", "xds.resource": "\(rejection.name)",
            "xds.sources": "\(rejection.sources.joined(separator: ","))",
            "xds.error": "\(rejection.message.prefix(2000))",
          ])
      case .staleNonce(let type): metrics.staleNonce(type)
      }
    }
  }

  private func send(_ response: DiscoveryResponse) {
    let parts = bodies.parts(response, variant, eventLoop: call.eventLoop)
    metrics.pushed(
      response.type, resources: response.count,
      bytes: parts.reduce(0) { $0 + $1.readableBytes })
    logger.debug(
      "push",
      metadata: [
        "xds.type": "\(response.type.shortName)", "xds.resources": "\(response.count)",
        "xds.removed": "\(response.removed.count)", "xds.nonce": "\(response.nonce)",
      ])
    call.send(parts)
  }

  private func wake(at time: Int64) {
    if let wakeTime, wakeTime <= time, wakeTime > now { return }
    wakeTask?.cancel()
    wakeTime = time
    let me = NIOLoopBound(self, eventLoop: call.eventLoop)
    wakeTask = call.eventLoop.scheduleTask(in: .milliseconds(max(1, time - now))) {
      me.value.wakeUp()
    }
  }

  private func wakeUp() {
    wakeTime = nil
    guard !isClosed else { return }
    perform(session.wake(now: now))
  }
}

extension UInt64 {
  /// Nanoseconds as whole milliseconds.
  fileprivate var milliseconds: Int64 { Int64(clamping: self / 1_000_000) }
}

/// Whether an identity may act for a node (contract §1.5).
enum IdentityCheck {
  /// Why not; nil when it may.
  static func refusal(_ proxy: ProxyNode, identity caller: WorkloadIdentity) -> String? {
    let identity = caller.identity
    if proxy.namespace != identity.namespace {
      return "identity \(identity) is not of the node's namespace \(proxy.namespace)"
    }
    if let account = proxy.serviceAccount, !account.isEmpty, account != identity.serviceAccount {
      return "identity \(identity) is not the node's service account \(account)"
    }
    if let pod = caller.pod, pod != proxy.name {
      return "the token is that of the pod \(pod), not of the node \(proxy.name)"
    }
    return nil
  }
}
