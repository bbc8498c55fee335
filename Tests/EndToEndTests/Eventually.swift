import MeshTesting

/// Waits until a condition holds; when time runs out, throws with its name and with what it threw last.
func eventually(
  _ what: String, within limit: Duration = .seconds(20), every pause: Duration = .milliseconds(50),
  _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + limit
  while true {
    var reason = ""
    do {
      if try await condition() { return }
    } catch {
      reason = ": \(error)"
    }
    guard ContinuousClock.now < deadline else {
      if limit >= .seconds(10) {
        await RunningMesh.current?.report()
        InterceptedMesh.current?.printLogs()
      }
      throw MeshFailure("timed out: \(what)\(reason)")
    }
    try await Task.sleep(for: pause)
  }
}
