extension Baseline {
  /// How far the instructions of a kernel may be from the baseline's, as a share of them.
  package static let instructionTolerance = 0.03

  /// Where the counters differ from `expected`, each in a sentence; better ones differ too, so that a
  /// baseline never says less than the code can do.
  package func differingCounters(from expected: Baseline) -> [String] {
    var differences: [String] = []
    for (group, scenarios) in counters {
      for (scenario, values) in scenarios {
        guard let known = expected.counters[group]?[scenario] else {
          differences.append("\(group), \(scenario): is not in the baseline")
          continue
        }
        for (name, value) in values where known[name] != value {
          let before = known[name].map { "\($0)" } ?? "nothing"
          differences.append("\(group), \(scenario): \(name) is \(value), was \(before)")
        }
      }
    }
    for (group, scenarios) in expected.counters {
      for scenario in scenarios.keys where counters[group]?[scenario] == nil {
        differences.append("\(group), \(scenario): was not measured")
      }
    }
    return differences.sorted()
  }

  /// Where the instructions differ from `expected` by more than the tolerance; nil when they were
  /// counted with another Swift and say nothing.
  package func differingInstructions(from expected: Baseline) -> [String]? {
    guard swiftVersion == expected.swiftVersion else { return nil }
    var differences: [String] = []
    for (kernel, count) in instructions {
      guard let known = expected.instructions[kernel] else {
        differences.append("\(kernel): is not in the baseline")
        continue
      }
      let change = Double(count - known) / Double(max(known, 1))
      if abs(change) > Self.instructionTolerance {
        let percent = (change * 1000).rounded() / 10
        differences.append("\(kernel): \(count) instructions, were \(known) (\(percent) %)")
      }
    }
    for kernel in expected.instructions.keys where instructions[kernel] == nil {
      differences.append("\(kernel): was not measured")
    }
    return differences.sorted()
  }
}

extension Baseline {
  /// The sizes of the meshes that are counted: what an edit costs has to be the same on both.
  package static let sizes = [100, 1000]
}
