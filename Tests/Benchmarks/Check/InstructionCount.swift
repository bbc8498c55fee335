internal import BenchmarkMeshes
internal import MeshTesting

/// Counts the instructions of kernels in Valgrind.
enum InstructionCount {
  private static let valgrind = "/usr/bin/valgrind"

  /// Why instructions cannot be counted; nil when they can.
  static var obstacle: String? {
    ChildProgram.run(valgrind, ["--version"]).status == 0
      ? nil : "\(valgrind) is not installed (make deps installs it)"
  }

  /// A copy of a binary without debug information, of which Valgrind 3.19 cannot read all; nil when it
  /// cannot be made.
  static func stripped(_ binary: String) -> String? {
    let copy = ChildProgram.temporaryPath("bench-check")
    let result = ChildProgram.run("/usr/bin/strip", ["--strip-debug", "-o", copy, binary])
    return result.status == 0 ? copy : nil
  }

  /// The instructions that a kernel needs once.
  ///
  /// The difference between two runs of unequal length, so that starting the process and preparing the
  /// work count for nothing.
  static func of(_ kernel: InstructionKernel, binary: String) -> Int? {
    let short = 2
    let long = 6
    guard let few = run(kernel, short, binary), let many = run(kernel, long, binary) else {
      return nil
    }
    return (many - few) / (long - short)
  }

  private static func run(_ kernel: InstructionKernel, _ rounds: Int, _ binary: String) -> Int? {
    let result = ChildProgram.run(
      valgrind,
      [
        "--tool=callgrind", "--callgrind-out-file=/dev/null", binary, "kernel", kernel.rawValue,
        "\(rounds)",
      ])
    guard result.status == 0,
      let line = result.output.split(separator: "\n").last(where: { $0.contains("Collected : ") })
    else {
      print(result.output.suffix(2000))
      return nil
    }
    return line.split(separator: " ").last.flatMap { Int($0) }
  }
}
