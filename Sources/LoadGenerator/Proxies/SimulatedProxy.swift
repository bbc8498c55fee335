internal import ProtobufWire
internal import XDSProtocol

/// A proxy's side of the conversation, as a value: takes responses, answers with requests.
///
/// It asks and acknowledges in Envoy's order: clusters, their endpoints (clusters are acknowledged only
/// when none warms), then listeners, their routes, and the virtual hosts of routes that want them. Of
/// resources it keeps names and versions, never contents.
struct SimulatedProxy {
  /// What the proxy knows of one type.
  private struct Known {
    var isRequested = false
    /// Whether anything of the type has been received on this stream or an earlier one.
    var isReceived = false
    var nonce = ""
    var version = ""
    /// The names asked for; unused for types that are always complete.
    var wanted: Set<Int32> = [] {
      didSet { encodedNames = nil }
    }
    var encodedNames: [UInt8]?
    /// Names that are asked for and not answered.
    var missing: Set<Int32> = []
    /// Held resources with a number for their version or content.
    var held: [Int32: Int32] = [:]
  }

  let isDelta: Bool
  /// Whether one listener of each new set is refused once.
  let refuses: Bool
  private let names: NameTable
  private var types = PerResourceType { _ in Known() }
  /// Clusters that wait for their endpoints, and the nonce that is acknowledged after that.
  private var warming: Set<Int32> = []
  private var delayed: String?
  private var refused: Set<Int32> = []

  init(isDelta: Bool, refuses: Bool, names: NameTable) {
    self.isDelta = isDelta
    self.refuses = refuses
    self.names = names
  }

  /// Whether the proxy holds everything that it has asked for.
  var isComplete: Bool {
    types[.cluster].isReceived && types[.listener].isReceived && delayed == nil
      && ResourceType.allCases.allSatisfy { types[$0].missing.isEmpty }
  }

  // MARK: Streams

  /// The first requests of a stream; after an earlier one they tell what the proxy holds.
  mutating func begin() -> [ProxyRequest] {
    delayed = nil
    var requests: [ProxyRequest] = []
    for type in [ResourceType.cluster, .endpoints, .listener, .route, .virtualHost] {
      guard type == .cluster || types[type].isRequested else { continue }
      types[type].isRequested = true
      types[type].nonce = ""
      requests.append(first(type))
    }
    return requests
  }

  private mutating func first(_ type: ResourceType) -> ProxyRequest {
    let known = types[type]
    var request = ProxyRequest(type)
    if isDelta {
      if !type.isWildcard { request.names = names.texts(of: known.wanted) }
      request.held = zip(names.texts(of: known.held.keys), names.texts(of: known.held.values))
        .map { ($0, $1) }
    } else {
      request.version = known.version
      request.encodedNames = encodedNames(type)
    }
    return request
  }

  // MARK: Responses

  /// Takes a response; answers what the proxy says to it.
  mutating func receive(_ response: ReceivedResponse) throws(WireReader.Malformed) -> [ProxyRequest]
  {
    guard let type = ResourceType(typeURL: response.typeURL) else { return [] }
    types[type].nonce = response.nonce
    if type == .listener, let refusal = refusal(response) { return [refusal] }
    types[type].version = response.version
    types[type].isReceived = true
    switch type {
    case .cluster: return try receiveClusters(response)
    case .endpoints: return receiveEndpoints(response)
    case .listener: return try receiveListeners(response)
    case .route: return try receiveRoutes(response)
    case .virtualHost: return receiveVirtualHosts(response)
    case .secret: return [acknowledgement(type)]
    }
  }

  private mutating func acknowledgement(_ type: ResourceType) -> ProxyRequest {
    var request = ProxyRequest(type)
    request.nonce = types[type].nonce
    if !isDelta {
      request.version = types[type].version
      request.encodedNames = encodedNames(type)
    }
    return request
  }

  private mutating func encodedNames(_ type: ResourceType) -> [UInt8] {
    guard !type.isWildcard else { return [] }
    if let known = types[type].encodedNames { return known }
    let encoded = ProxyRequest.encode(names.texts(of: types[type].wanted))
    types[type].encodedNames = encoded
    return encoded
  }

  private mutating func refusal(_ response: ReceivedResponse) -> ProxyRequest? {
    guard refuses, let name = response.resources.first?.name else { return nil }
    let text = String(decoding: name, as: UTF8.self)
    guard refused.insert(names.number(of: text)).inserted, refused.count == 1 else { return nil }
    var request = acknowledgement(.listener)
    request.error = "Error adding/updating listener(s) \(text): refused by a simulated proxy\n"
    return request
  }

  /// What a response brought.
  private struct Record {
    /// The names of all its resources.
    var numbers: [Int32]
    /// The resources that are new or another version.
    var changed: [(number: Int32, body: ArraySlice<UInt8>)] = []
    var removed: [Int32] = []
  }

  private mutating func record(_ response: ReceivedResponse, _ type: ResourceType) -> Record {
    let numbers = names.numbers(of: response.resources.map(\.name))
    var record = Record(numbers: numbers)
    for (resource, number) in zip(response.resources, numbers) {
      let version =
        isDelta
        ? names.number(of: String(decoding: resource.version, as: UTF8.self))
        : ContentHash.of(resource.body)
      if types[type].held.updateValue(version, forKey: number) != version || isDelta {
        record.changed.append((number, resource.body))
      }
    }
    record.removed = names.numbers(of: response.removed)
    if !isDelta, type.isWildcard {
      record.removed += Set(types[type].held.keys).subtracting(numbers)
    }
    for number in record.removed { types[type].held[number] = nil }
    return record
  }

  private mutating func receiveClusters(
    _ response: ReceivedResponse
  ) throws(WireReader.Malformed) -> [ProxyRequest] {
    let record = record(response, .cluster)
    var added: Set<Int32> = []
    for (number, body) in record.changed where try ReceivedResource.needsEndpoints(body) {
      var endpoints = number
      if let name = try ReceivedResource.endpointsName(body) {
        endpoints = names.number(of: String(decoding: name, as: UTF8.self))
      }
      warming.insert(endpoints)
      if !types[.endpoints].wanted.contains(endpoints) { added.insert(endpoints) }
    }
    let ended = types[.endpoints].wanted.intersection(record.removed)
    warming.subtract(record.removed)
    delayed = response.nonce
    return interest(.endpoints, added: added, ended: ended) + afterWarming()
  }

  private mutating func receiveEndpoints(_ response: ReceivedResponse) -> [ProxyRequest] {
    for number in record(response, .endpoints).numbers {
      warming.remove(number)
      types[.endpoints].missing.remove(number)
    }
    return [acknowledgement(.endpoints)] + afterWarming()
  }

  /// Once no cluster warms, clusters are acknowledged, and listeners asked for.
  private mutating func afterWarming() -> [ProxyRequest] {
    guard warming.isEmpty, delayed != nil else { return [] }
    delayed = nil
    var requests = [acknowledgement(.cluster)]
    if !types[.listener].isRequested {
      types[.listener].isRequested = true
      requests.append(first(.listener))
    }
    return requests
  }

  private mutating func receiveListeners(
    _ response: ReceivedResponse
  ) throws(WireReader.Malformed) -> [ProxyRequest] {
    var wanted: Set<Int32> = []
    for (_, body) in record(response, .listener).changed {
      wanted.formUnion(names.numbers(of: try ReceivedResource.routeNames(body)))
    }
    let added = wanted.subtracting(types[.route].wanted)
    return [acknowledgement(.listener)] + interest(.route, added: added, ended: [])
  }

  private mutating func receiveRoutes(
    _ response: ReceivedResponse
  ) throws(WireReader.Malformed) -> [ProxyRequest] {
    let record = record(response, .route)
    types[.route].missing.subtract(record.numbers)
    var requests = [acknowledgement(.route)]
    for (number, body) in record.changed {
      guard isDelta, try ReceivedResource.needsVirtualHosts(body),
        types[.virtualHost].wanted.insert(number).inserted
      else { continue }
      types[.virtualHost].missing.insert(number)
      if !types[.virtualHost].isRequested {
        types[.virtualHost].isRequested = true
        requests.append(first(.virtualHost))
      }
    }
    return requests
  }

  private mutating func receiveVirtualHosts(_ response: ReceivedResponse) -> [ProxyRequest] {
    _ = record(response, .virtualHost)
    if !types[.virtualHost].missing.isEmpty {
      for name in response.resources.map(\.name) + response.removed {
        guard let slash = name.lastIndex(of: UInt8(ascii: "/")) else { continue }
        let route = String(decoding: name[..<slash], as: UTF8.self)
        types[.virtualHost].missing.remove(names.number(of: route))
      }
    }
    return [acknowledgement(.virtualHost)]
  }

  // MARK: Interest

  private mutating func interest(
    _ type: ResourceType, added: Set<Int32>, ended: Set<Int32>
  ) -> [ProxyRequest] {
    guard !added.isEmpty || !ended.isEmpty else { return [] }
    types[type].wanted.formUnion(added)
    types[type].wanted.subtract(ended)
    types[type].missing.formUnion(added)
    types[type].missing.subtract(ended)
    for number in ended { types[type].held[number] = nil }
    types[type].isRequested = true
    var request = ProxyRequest(type)
    if isDelta {
      request.names = names.texts(of: added)
      request.unsubscribed = names.texts(of: ended)
    } else {
      request.encodedNames = encodedNames(type)
      request.version = types[type].version
      request.nonce = types[type].nonce
    }
    return [request]
  }
}

/// Tells contents apart where the protocol gives no version of a single resource.
private enum ContentHash {
  static func of(_ bytes: ArraySlice<UInt8>) -> Int32 {
    var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count)
    unsafe bytes.withUnsafeBytes { buffer in
      var offset = 0
      while offset + 8 <= buffer.count {
        let word = unsafe buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        hash = (hash ^ word) &* 0xFF51_AFD7_ED55_8CCD
        hash ^= hash >> 32
        offset += 8
      }
      while offset < buffer.count {
        hash = (hash ^ UInt64(unsafe buffer[offset])) &* 0x100_0000_01B3
        offset += 1
      }
    }
    return Int32(truncatingIfNeeded: hash ^ (hash >> 29))
  }
}
