internal import XDSProtocol

/// A kind of change whose way to the proxies is measured.
package enum EditKind: String, CaseIterable, Sendable {
  /// The address of one endpoint of a Service changes.
  case endpoint
  /// A VirtualService sets another header.
  case route
  /// A Service without endpoints is created.
  case serviceAdded = "service-added"
  /// That Service is deleted.
  case serviceRemoved = "service-removed"
  /// The Pods of a Service stop, or start again, to accept mutual TLS.
  case peerAuthentication = "peer-authentication"
}

/// One change: what is written, and how a proxy sees that it has it.
struct Edit: Sendable {
  enum Write: Sendable {
    case apply(ReferenceWorkload.Object)
    case delete(ReferenceWorkload.Object)
  }

  var write: Write
  var sign: Expectation.Sign
}

extension ReferenceWorkload {
  /// The edit number `number` of a kind; each is different from the ones before it.
  ///
  /// `run` differs between runs on the same mesh, so that nothing is written that stands already.
  ///
  /// No edit changes the Service that flaps, where there is more than one: the next flap would undo the
  /// edit before every proxy has seen it.
  func edit(_ kind: EditKind, number: Int, run: UInt32) -> Edit {
    let service = spread(number, over: services - 1)
    switch kind {
    case .endpoint:
      let runNumber = run % 12_500
      let address = "10.\(200 + runNumber % 50).\(number & 255).\(1 + runNumber / 50)"
      return Edit(
        write: .apply(endpoints(service, moved: address)),
        sign: Expectation.Sign(
          types: [.endpoints], name: "||\(host(of: service))", text: address, kind: .present))
    case .route:
      let marker = "\(text(ofRun: run))-\(number)."
      return Edit(
        write: .apply(virtualService(spread(number, over: routes), marker: marker)),
        sign: Expectation.Sign(
          types: [.route, .virtualHost], name: "", text: marker, kind: .present))
    case .serviceAdded, .serviceRemoved:
      let name = "load-\(text(ofRun: run))-\(number)"
      let namespace = namespace(of: number)
      let service = self.service(named: name, in: namespace)
      let isAdded = kind == .serviceAdded
      return Edit(
        write: isAdded ? .apply(service) : .delete(service),
        sign: Expectation.Sign(
          types: [.cluster], name: "|80||\(name).\(namespace).", text: "",
          kind: isAdded ? .present : .removed))
    case .peerAuthentication:
      let isDisabled = number % 2 == 0
      let service = spread(number / 2, over: services - 1)
      return Edit(
        write: .apply(peerAuthentication(service, mode: isDisabled ? "DISABLE" : "PERMISSIVE")),
        sign: Expectation.Sign(
          types: [.endpoints], name: "|80||\(host(of: service))", text: "tlsMode",
          kind: isDisabled ? .absent : .present))
    }
  }

  private func text(ofRun run: UInt32) -> String { String(run, radix: 36) }

  /// Spreads edits over `count` objects, and so over the namespaces: the step is a prime that no count of
  /// objects has as a divisor, so that no object is edited again before all others are.
  private func spread(_ number: Int, over count: Int) -> Int {
    let count = max(1, count)
    return number % count * (15_485_863 % count) % count
  }
}
