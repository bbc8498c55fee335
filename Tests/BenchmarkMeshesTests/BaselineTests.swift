import BenchmarkMeshes
import MeshTesting
import Testing

@Suite struct BaselineTests {
  private static func committed() throws -> Baseline {
    try Baseline(parsing: try #require(ChildProgram.read(Baseline.path)))
  }

  @Test func `Events cost what the baseline says`() async throws {
    var measured = Baseline()
    for services in Baseline.sizes {
      measured.add("\(services) services", try await CountedScenarios.measure(services: services))
    }
    // The others take long where nothing is optimized; `make bench-check` has them too.
    var known = try Self.committed()
    known.counters = known.counters.filter { measured.counters[$0.key] != nil }
    let differences = measured.differingCounters(from: known)
    #expect(differences == [], "UPDATE_BASELINE=1 make bench-check takes what is meant")
  }

  @Test func `A file of a baseline reads back as it was written`() throws {
    let baseline = try Self.committed()
    #expect(!baseline.counters.isEmpty && !baseline.instructions.isEmpty)
    #expect(try Baseline(parsing: baseline.text) == baseline)
  }

  @Test(arguments: [1, -1])
  func `A counter that moves by one, either way, fails the check`(step: Int) throws {
    let known = try Self.committed()
    for (group, scenarios) in known.counters {
      for (scenario, values) in scenarios {
        for (name, value) in values {
          var measured = known
          measured.counters[group]?[scenario]?[name] = value + step
          #expect(
            measured.differingCounters(from: known) == [
              "\(group), \(scenario): \(name) is \(value + step), was \(value)"
            ])
        }
      }
    }
  }

  @Test func `A scenario that is new or no longer measured fails the check`() throws {
    let known = try Self.committed()
    var measured = known
    measured.counters["100 services"]?["edits of metadata alone"] = nil
    #expect(
      measured.differingCounters(from: known) == [
        "100 services, edits of metadata alone: was not measured"
      ])
    #expect(
      known.differingCounters(from: measured) == [
        "100 services, edits of metadata alone: is not in the baseline"
      ])
  }

  @Test(arguments: [(1.029, true), (0.971, true), (1.031, false), (0.969, false)])
  func `Instructions may differ by three percent`(factor: Double, passes: Bool) throws {
    let known = try Self.committed()
    for (kernel, count) in known.instructions {
      var measured = known
      measured.instructions[kernel] = Int(Double(count) * factor)
      #expect(measured.differingInstructions(from: known)?.isEmpty == passes, "\(kernel)")
    }
  }

  @Test func `Instructions of another Swift are not compared`() throws {
    let known = try Self.committed()
    var measured = known
    measured.swiftVersion = "99.0"
    measured.instructions = [:]
    #expect(measured.differingInstructions(from: known) == nil)
  }
}
