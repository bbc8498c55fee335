internal import BenchmarkMeshes
internal import MeshTesting

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Compares what does not depend on the machine with the committed baseline.
///
///     bench-check            counters and instructions; UPDATE_BASELINE=1 writes the baseline anew
///     bench-check counters   counters alone
///     bench-check kernel NAME ROUNDS
///     bench-check churn CYCLES   what objects that come and go leave behind, with resident memory
@main
struct BenchCheck {
  static func main() async throws {
    let arguments = CommandLine.arguments
    if arguments.count == 4, arguments[1] == "kernel" { return try kernel(arguments) }
    if arguments.count == 3, arguments[1] == "churn" {
      return try await ChurnCheck.run(arguments[2])
    }
    var measured = Baseline()
    measured.swiftVersion = swiftVersion
    for services in Baseline.sizes {
      measured.add("\(services) services", try await CountedScenarios.measure(services: services))
    }
    measured.counters["istiod's cases"] = try await IstiodMessages.measure()
    let countsInstructions = !arguments.contains("counters") && canCountInstructions()
    if countsInstructions {
      let uncounted = countInstructions(&measured)
      guard uncounted.isEmpty else { return fail(uncounted) }
    }
    let known = ChildProgram.read(Baseline.path).map { try? Baseline(parsing: $0) } ?? Baseline()
    if isSet("UPDATE_BASELINE") {
      if !countsInstructions, let known {
        measured.instructions = known.instructions
        measured.swiftVersion = known.swiftVersion
      }
      guard ChildProgram.write(measured.text, to: Baseline.path) else {
        return fail(["cannot write \(Baseline.path)"])
      }
      return print("wrote \(Baseline.path)")
    }
    guard let known else { return fail(["\(Baseline.path) cannot be read"]) }
    compare(measured, known, countsInstructions)
  }

  private static func compare(_ measured: Baseline, _ known: Baseline, _ instructions: Bool) {
    let counters = measured.differingCounters(from: known)
    print("\(measured.counters.values.reduce(0) { $0 + $1.count }) scenarios counted")
    var differences = counters
    if instructions {
      if let changed = measured.differingInstructions(from: known) {
        print("\(measured.instructions.count) kernels counted")
        differences += changed
      } else {
        print(
          "instructions were not compared: the baseline's are of Swift \(known.swiftVersion), "
            + "this is \(measured.swiftVersion)")
      }
    }
    if differences.isEmpty { print("all is as in the baseline") } else { fail(differences) }
  }

  private static func fail(_ differences: [String]) {
    for difference in differences { print("DIFFERS: \(difference)") }
    print("UPDATE_BASELINE=1 make bench-check takes the new numbers where they are meant")
    exit(1)
  }

  // MARK: Instructions

  private static func kernel(_ arguments: [String]) throws {
    guard let kernel = InstructionKernel(rawValue: arguments[2]), let rounds = Int(arguments[3])
    else { return fail(["no kernel is called \(arguments[2])"]) }
    let work = try kernel.prepare()
    var sum = 0
    for _ in 0..<rounds { sum &+= try work() }
    print(sum)
  }

  private static func canCountInstructions() -> Bool {
    guard let obstacle = InstructionCount.obstacle else { return true }
    print("SKIPPED: instructions are not counted: \(obstacle)")
    return false
  }

  /// Counts the instructions of every kernel; answers which could not be counted.
  private static func countInstructions(_ measured: inout Baseline) -> [String] {
    guard let binary = InstructionCount.stripped(CommandLine.arguments[0]) else {
      return ["\(CommandLine.arguments[0]) cannot be stripped of its debug information"]
    }
    defer { unsafe unlink(binary) }
    var uncounted: [String] = []
    for kernel in InstructionKernel.allCases {
      let count = InstructionCount.of(kernel, binary: binary)
      measured.instructions[kernel.rawValue] = count
      if count == nil {
        uncounted.append("the instructions of \(kernel.rawValue) were not counted")
      }
    }
    return uncounted
  }

  // MARK: Surroundings

  private static func isSet(_ variable: String) -> Bool {
    unsafe getenv(variable).map { unsafe String(cString: $0) } == "1"
  }

  /// The version of the Swift that compiled this, as far as instructions depend on it.
  private static var swiftVersion: String {
    unsafe getenv("SWIFT_VERSION").map { unsafe String(cString: $0) } ?? "unknown"
  }
}
