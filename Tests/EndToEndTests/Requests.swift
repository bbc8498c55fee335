import AsyncHTTPClient
import Foundation
import NIOCore
import StreamingJSON
import Synchronization

/// An answer of the mesh.
struct Answer: Sendable {
  var status: Int
  var body: String
  var duration: Duration
  var headers: [String: String]

  private var json: JSONValue? { try? JSONValue(parsing: Array(body.utf8)) }
  /// The name of the application that answered.
  var name: String { json?["name"]?.stringValue ?? "" }
  /// Whom the application saw calling.
  var clientCertificate: String { json?["xfcc"]?.stringValue ?? "" }
  func requestHeader(_ name: String) -> String? { json?["headers"]?[name]?.stringValue }
}

extension Workload {
  /// Sends one request into the mesh, as this workload's application would.
  func ask(
    _ host: String, path: String = "/", headers: [(String, String)] = [],
    client: HTTPClient = .shared
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: meshURL + path)
    request.headers.add(name: "host", value: host)
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    let began = ContinuousClock.now
    let response = try await client.execute(request, timeout: .seconds(20))
    let body = try await response.body.collect(upTo: 1 << 20)
    var fields: [String: String] = [:]
    for (name, value) in response.headers { fields[name.lowercased()] = value }
    return Answer(
      status: Int(response.status.code), body: String(buffer: body),
      duration: ContinuousClock.now - began, headers: fields)
  }

  /// Sends requests at the same time as each other, `count` in all.
  func ask(
    _ host: String, count: Int, concurrency: Int = 8, path: String = "/"
  ) async throws
    -> Tally
  {
    try await withThrowingTaskGroup(of: Tally.self) { group in
      for worker in 0..<concurrency {
        let share = count / concurrency + (worker < count % concurrency ? 1 : 0)
        group.addTask {
          var tally = Tally()
          for _ in 0..<share { tally.count(try? await self.ask(host, path: path)) }
          return tally
        }
      }
      return try await group.reduce(into: Tally()) { $0.add($1) }
    }
  }

  /// Runs `body` while requests go out without a pause; tells how all of them went.
  func underLoad(
    _ host: String, concurrency: Int = 4, _ body: () async throws -> Void
  ) async throws -> Tally {
    let isOver = Flag()
    return try await withThrowingTaskGroup(of: Tally.self) { group in
      for _ in 0..<concurrency {
        group.addTask {
          var tally = Tally()
          while !isOver.isSet { tally.count(try? await self.ask(host)) }
          return tally
        }
      }
      do {
        try await body()
      } catch {
        isOver.set()
        throw error
      }
      isOver.set()
      return try await group.reduce(into: Tally()) { $0.add($1) }
    }
  }
}

/// Something that becomes true once.
final class Flag: Sendable {
  private let value = Mutex(false)
  var isSet: Bool { value.withLock { $0 } }
  func set() { value.withLock { $0 = true } }
}

/// How requests went.
struct Tally: Sendable {
  var total = 0
  /// Requests without an answer.
  var lost = 0
  var statuses: [Int: Int] = [:]
  /// Who answered those that went well.
  var names: [String: Int] = [:]
  /// What the others said, the beginning of it.
  var complaints: [String: Int] = [:]

  var failures: Int { total - (statuses[200] ?? 0) }

  mutating func count(_ answer: Answer?) {
    total += 1
    guard let answer else {
      lost += 1
      return
    }
    statuses[answer.status, default: 0] += 1
    if answer.status == 200 {
      names[answer.name, default: 0] += 1
    } else {
      complaints[String(answer.body.prefix(300)), default: 0] += 1
    }
  }

  mutating func add(_ other: Tally) {
    total += other.total
    lost += other.lost
    statuses.merge(other.statuses, uniquingKeysWith: +)
    names.merge(other.names, uniquingKeysWith: +)
    complaints.merge(other.complaints, uniquingKeysWith: +)
  }
}

/// The exact two-sided binomial test: how likely an outcome at least as unlikely as this one is.
func binomialTest(successes: Int, of count: Int, probability: Double) -> Double {
  func logProbability(_ k: Int) -> Double {
    lgamma(Double(count + 1)) - lgamma(Double(k + 1)) - lgamma(Double(count - k + 1))
      + Double(k) * log(probability) + Double(count - k) * log(1 - probability)
  }
  // Outcomes that are equally likely by rights may differ in the last digits.
  let seen = logProbability(successes) + 1e-7
  return min(
    1, (0...count).reduce(0) { $0 + (logProbability($1) <= seen ? exp(logProbability($1)) : 0) })
}

/// The text of a page of this machine.
func fetchPage(_ url: String) async throws -> String {
  let response = try await HTTPClient.shared.execute(
    HTTPClientRequest(url: url), timeout: .seconds(10))
  return String(buffer: try await response.body.collect(upTo: 64 << 20))
}
